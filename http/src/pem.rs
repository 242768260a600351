//! Files in PEM form. They are read when they are needed, for certificates rotate. A caller adds
//! the hint that names its setting.

use std::io;
use std::path::Path;

use api_key_helper_core::{Error, read_file};
use reqwest::Certificate;
use zeroize::Zeroizing;

/// The certificates in `file`: one at least.
///
/// # Errors
/// Misconfigured, when it cannot be read, or none is in it.
pub fn authorities(file: &Path) -> Result<Vec<Certificate>, Error> {
    let found = certificates(file)?;
    if found.is_empty() { Err(no_certificate(file)) } else { Ok(found) }
}

/// The certificates in `file`, which may have none.
///
/// # Errors
/// Misconfigured, when it cannot be read, or one in it is not well formed.
pub fn certificates(file: &Path) -> Result<Vec<Certificate>, Error> {
    Certificate::from_pem_bundle(&read(file)?).map_err(|_| no_certificate(file))
}

/// What is in `file`, which may be a key.
///
/// # Errors
/// Misconfigured.
pub fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    read_file(file, LONGEST).map(Zeroizing::new).map_err(|error| unreadable(file, &error))
}

/// The file or the folder `path` cannot be read.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::misconfigured(format!("`{}` cannot be read: {error}", path.display()))
}

/// Nothing in the file or the folder `path` is a certificate.
#[must_use]
pub fn no_certificate(path: &Path) -> Error {
    Error::misconfigured(format!("`{}` holds no certificate in PEM form", path.display()))
}

/// Many times what operating systems have, in bytes.
const LONGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(authorities(&file).unwrap_err().message().contains("cannot be read"));
        fs::write(&file, "# nothing yet\n").unwrap();
        assert!(certificates(&file).unwrap().is_empty());
        let error = authorities(&file).unwrap_err();
        assert!(error.message().ends_with("holds no certificate in PEM form"), "{error}");
    }
}
