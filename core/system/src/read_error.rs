//! Reads that failed, or were refused.

use std::io;
use std::path::Path;

use api_key_helper_values::Error;

/// The reason why a file or folder was not read.
#[derive(Debug)]
pub enum ReadError {
    /// The disk says no.
    Io(io::Error),
    /// Another user could have written the file or can read it. Misconfigured.
    Refused(Error),
}

impl ReadError {
    /// Refuses the file at `path` for the reason `why`; `command` fixes it.
    pub(crate) fn refused_file(path: &Path, why: &str, command: &str) -> Self {
        let message = format!("`{}` {why}, so it is not read", path.display());
        Self::Refused(Error::misconfigured(message).with_hint(format!("run `{command}`")))
    }

    /// The refusal, or what `told` makes of the disk's error.
    pub fn into_error(self, told: impl FnOnce(&io::Error) -> Error) -> Error {
        match self {
            Self::Io(error) => told(&error),
            Self::Refused(error) => error,
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
