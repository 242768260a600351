//! Configuration files are read only where nobody else can have written them.

use std::io::{self, Read as _};
use std::path::Path;

use api_key_helper_core::config::ConfigFile;
use api_key_helper_core::{Error, open_file, trust};

const MAX_SIZE: u64 = 1 << 20;

/// Reads a configuration file; `None` where there is none.
///
/// # Errors
/// Misconfigured: it cannot be read, or somebody else could have written it.
pub(crate) fn read(path: &Path) -> Result<Option<ConfigFile>, Error> {
    let shown = path.display();
    let failed = |error: &io::Error| {
        Error::misconfigured(format!("cannot read `{shown}`: {error}"))
            .with_hint(format!("look at it with `ls -l '{shown}'`"))
    };
    let file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(Error::misconfigured(format!("`{shown}` is not a file"))
            .with_hint("give the path of a configuration file"));
    }
    refuse(trust::objection(path, &metadata))?;
    // The folder that holds the file itself, not a link to it.
    let real = path.canonicalize().map_err(|error| failed(&error))?;
    if let Some(folder) = real.parent() {
        let metadata = folder.metadata().map_err(|error| failed(&error))?;
        refuse(trust::objection(folder, &metadata))?;
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Error::misconfigured(format!("`{shown}` is larger than 1 MiB"))
            .with_hint("give the path of a configuration file"));
    }
    Ok(Some(ConfigFile { path: path.to_owned(), bytes }))
}

fn refuse(objection: Option<Error>) -> Result<(), Error> {
    objection.map_or(Ok(()), Err)
}
