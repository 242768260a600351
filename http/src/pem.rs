//! Files in PEM form. They are read at each use, because certificates rotate. The caller adds the
//! hint that names its setting.

use std::io;
use std::path::Path;

use api_key_helper_backend::{Attempt, Error};
use api_key_helper_system::read_file;
use api_key_helper_system::trust::quote;
use reqwest::{Certificate, Identity};
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

/// Returns the valid certificates in `file`, at least one. Invalid ones do no harm; a warning names
/// them.
///
/// # Errors
/// `Misconfigured`: the file cannot be read, or contains no certificate.
pub fn authorities(file: &Path, attempt: &dyn Attempt) -> Result<Vec<Certificate>, Error> {
    let bundle = Bundle::read(file)?;
    if bundle.certificates.is_empty() {
        let only = bundle.complaints.into_iter().next();
        return Err(only.map_or_else(|| no_certificate(file), Error::misconfigured));
    }
    Ok(bundle.tell(attempt))
}

/// Returns the valid certificates in `file`, which may have none, as a file of a folder may.
///
/// # Errors
/// `Misconfigured`: the file cannot be read.
pub fn certificates(file: &Path, attempt: &dyn Attempt) -> Result<Vec<Certificate>, Error> {
    Ok(Bundle::read(file)?.tell(attempt))
}

/// The certificates of a file, and the faults of the invalid ones.
struct Bundle {
    certificates: Vec<Certificate>,
    complaints: Vec<String>,
}

impl Bundle {
    fn read(file: &Path) -> Result<Self, Error> {
        let mut bundle = Self { certificates: Vec::new(), complaints: Vec::new() };
        for (index, block) in blocks(&read(file)?).into_iter().enumerate() {
            match certificate(block) {
                Ok(certificate) => bundle.certificates.push(certificate),
                Err(why) => {
                    let (number, file) = (index + 1, file.display());
                    let message = format!("certificate {number} of `{file}` cannot be used: {why}");
                    bundle.complaints.push(message);
                }
            }
        }
        Ok(bundle)
    }

    fn tell(self, attempt: &dyn Attempt) -> Vec<Certificate> {
        for complaint in self.complaints {
            attempt.warn(complaint);
        }
        self.certificates
    }
}

/// Parses the certificate in a block, as one of an authority.
fn certificate(block: &[u8]) -> Result<Certificate, &'static str> {
    let der = CertificateDer::from_pem_slice(block).map_err(|_| "its base64 is invalid")?;
    let trusted = RootCertStore::empty().add(der.clone());
    trusted.map_err(|_| "it is malformed")?;
    Certificate::from_der(&der).map_err(|_| "it is malformed")
}

/// Splits a file into one block per certificate. A parser of the whole file stops, or loses count,
/// at a damaged one.
fn blocks(pem: &[u8]) -> Vec<&[u8]> {
    let begins = |at: usize| pem[at..].starts_with(BEGIN);
    let starts: Vec<usize> = (0..pem.len()).filter(|at| begins(*at)).collect();
    let ends = starts.iter().skip(1).copied().chain([pem.len()]);
    starts.iter().zip(ends).map(|(start, end)| &pem[*start..end]).collect()
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Returns our own certificate with its chain, in `cert`, and its key, in `key`.
///
/// # Errors
/// `Misconfigured`: a file cannot be read, or the two do not match.
pub fn identity(cert: &Path, key: &Path) -> Result<Identity, Error> {
    let (certs, keys) = (read(cert)?, read(key)?);
    let (in_cert, in_key) = (cert.display(), key.display());
    let mut chain = Vec::new();
    for (index, block) in blocks(&certs).into_iter().enumerate() {
        chain.push(CertificateDer::from_pem_slice(block).map_err(|_| {
            Error::misconfigured(format!("certificate {} of `{in_cert}` cannot be used", index + 1))
        })?);
    }
    if chain.is_empty() {
        return Err(no_certificate(cert));
    }
    if keys.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
        return Err(Error::misconfigured(format!("the key in `{in_key}` has a passphrase"))
            .with_hint(format!("remove it: `openssl pkey -in {} -out NEW`", quote(key))));
    }
    let private = PrivateKeyDer::from_pem_slice(&keys).map_err(|_| {
        Error::misconfigured(format!("`{in_key}` contains no private key in PEM form"))
    })?;
    match CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()) {
        Ok(_) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(Error::misconfigured(format!(
                "the key in `{in_key}` does not match the certificate in `{in_cert}`"
            )));
        }
        Err(rustls::Error::InvalidCertificate(_)) => {
            return Err(Error::misconfigured(format!(
                "certificate 1 of `{in_cert}` cannot be used: it is malformed"
            )));
        }
        Err(_) => {
            return Err(Error::misconfigured(format!(
                "the key in `{in_key}` is damaged, or of an unsupported kind"
            )));
        }
    }
    let mut both = certs;
    both.push(b'\n');
    both.extend_from_slice(&keys);
    Identity::from_pem(&both).map_err(|_| {
        Error::misconfigured(format!(
            "`{in_cert}` and `{in_key}` are not a certificate and its key in PEM form"
        ))
    })
}

/// Part of the label of an encrypted key (RFC 7468, section 11), or of the header of an older one
/// (RFC 1421, section 4.6.1.1).
const ENCRYPTED: &[u8] = b"ENCRYPTED";

/// Reads `file`, which may contain a private key.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let content = read_file(file, LONGEST).map(Zeroizing::new);
    content.map_err(|error| error.into_error(|error| unreadable(file, error)))
}

/// Returns the error of a file or folder that cannot be read.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::misconfigured(format!("cannot read `{}`: {error}", path.display()))
}

/// Returns the error of a file or folder without any certificate.
#[must_use]
pub fn no_certificate(path: &Path) -> Error {
    Error::misconfigured(format!("`{}` contains no certificate in PEM form", path.display()))
}

/// A limit in bytes, far above the bundles of operating systems.
const LONGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_passphrase_hint_quotes_the_path_for_the_shell() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("a.pem"), folder.path().join("it's $a.key"));
        std::fs::write(&cert, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
            .unwrap();
        std::fs::write(&key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
        let error = identity(&cert, &key).unwrap_err();
        let hint = format!("remove it: `openssl pkey -in {} -out NEW`", quote(&key));
        // In `cmd`, quotes do not change the meaning of an apostrophe or a dollar sign.
        let quoted = if cfg!(windows) { r#"it's $a.key""# } else { r#"it's "'$a.key'"# };
        assert!(hint.contains(quoted), "{hint}");
        assert_eq!(error.hint(), Some(&(*hint).into()));
    }
}
