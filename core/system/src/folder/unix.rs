//! Owners and modes of the state folder and its files.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use api_key_helper_values::Error;

use crate::advice;
use crate::read_error::ReadError;
use crate::trust::{self, Facts};

/// The privacy of a file or folder, by its owner and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    /// Another user owns it.
    Foreign { owner: u32 },
    /// The caller owns it, but others may read or write it.
    Loose { mode: u32 },
    /// Only the caller has access.
    Own,
}

impl Privacy {
    fn of(facts: Facts) -> Self {
        let (owner, mode) = (facts.user, facts.mode & 0o777);
        if owner != trust::caller() {
            Self::Foreign { owner }
        } else if mode & 0o077 != 0 {
            Self::Loose { mode }
        } else {
            Self::Own
        }
    }
}

/// Refuses a folder to which others have access.
pub(super) fn check_folder(path: &Path, facts: Facts) -> Result<(), ReadError> {
    let (why, hint) = match Privacy::of(facts) {
        Privacy::Own => return Ok(()),
        Privacy::Foreign { owner } => (
            format!("belongs to user {owner}"),
            "run this as that user (`sudo` without `-E`), or set `XDG_STATE_HOME` and \
             `XDG_DATA_HOME`"
                .to_owned(),
        ),
        Privacy::Loose { mode } => (
            format!("is open to others (mode {mode:03o})"),
            format!("run `chmod 700 {}`", advice::quote(path)),
        ),
    };
    let message = format!("the folder `{}` {why}, so it is not used", path.display());
    Err(ReadError::Refused(Error::misconfigured(message).with_hint(hint)))
}

/// Refuses an open file to which others have access.
pub(super) fn check_file(path: &Path, _: &File, metadata: &Metadata) -> Result<(), ReadError> {
    match Privacy::of(Facts::from(metadata)) {
        Privacy::Own => Ok(()),
        Privacy::Foreign { owner } => Err(ReadError::refused_file(
            path,
            &format!("belongs to user {owner}"),
            &advice::remove(path),
        )),
        Privacy::Loose { mode } => {
            let why = format!("is open to others (mode {mode:03o})");
            Err(ReadError::refused_file(path, &why, &format!("chmod 600 {}", advice::quote(path))))
        }
    }
}

/// Returns whether only the caller has access to an open file.
pub fn is_own(_: &File, metadata: &Metadata) -> bool {
    Privacy::of(Facts::from(metadata)) == Privacy::Own
}

/// Returns whether there is a folder at `path` to which only the caller has access.
///
/// # Errors
/// When it cannot be reached.
pub fn is_own_folder(path: &Path) -> io::Result<bool> {
    let metadata = path.metadata()?;
    Ok(metadata.is_dir() && Privacy::of(Facts::from(&metadata)) == Privacy::Own)
}

/// Creates a folder to which only the caller has access.
///
/// # Errors
/// When the system refuses.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}
