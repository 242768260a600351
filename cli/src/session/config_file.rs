//! Reads configuration files, but only those that no other user can have written.

use std::io::{self, Read as _};
use std::path::Path;

use api_key_helper_config::ConfigFile;
use api_key_helper_system::trust::Trail;
use api_key_helper_system::{ReadError, advice};
use api_key_helper_values::Error;

const MAX_SIZE: u64 = 1 << 20;

/// Reads a configuration file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<ConfigFile>, Error> {
    let shown = path.display();
    let failed = |error: &io::Error| {
        Error::misconfigured(format!("cannot read `{shown}`: {error}"))
            .with_hint(format!("look at it with `{}`", advice::look_at(path)))
    };
    let (file, metadata) = match Trail::new().open(path) {
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| error.into_error(failed))?,
    };
    if !metadata.is_file() {
        return Err(Error::misconfigured(format!("`{shown}` is not a file"))
            .with_hint("give the path of a configuration file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Error::misconfigured(format!("`{shown}` is larger than 1 MiB"))
            .with_hint("give the path of a configuration file"));
    }
    Ok(Some(ConfigFile { path: path.to_owned(), bytes, is_draft: false }))
}
