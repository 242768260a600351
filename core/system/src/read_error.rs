//! The error of a read that failed or was refused.

use std::io;
use std::path::Path;

use api_key_helper_values::Error;

/// The reason for not reading a file or folder.
#[derive(Debug)]
pub enum ReadError {
    /// The system's error.
    Io(io::Error),
    /// Another user could have written the file, or can read it. Misconfigured.
    Refused(Error),
}

impl ReadError {
    /// Refuses the file at `path` for the reason `why`; `command` fixes it.
    pub(crate) fn refused_file(path: &Path, why: &str, command: &str) -> Self {
        let message = format!("`{}` {why}, so it is not read", path.display());
        Self::Refused(Error::misconfigured(message).with_hint(format!("run `{command}`")))
    }

    /// Returns the refusal, or converts the system's error with `told`.
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
