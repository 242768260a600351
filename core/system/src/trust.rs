//! Checks that no other user can change or replace a file or program.
//!
//! Programs, configurations, files with secrets and the state folder all use this check. It covers
//! the file, every folder and symbolic link on the way to it, and all sources of write permission:
//! the owner, the mode, a group with other members, a POSIX ACL; on Windows the owner and the
//! access list.
//!
//! Other access lists are not read: NFSv4's, and those of macOS.

#[cfg(any(windows, test))]
mod access_list;
mod facts;
#[cfg(unix)]
mod judge;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod trail;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as trail;

use std::path::{Path, PathBuf};

use api_key_helper_values::Error;

use crate::read_error::ReadError;

#[cfg(windows)]
pub(crate) use access_list::Sid;
#[cfg(unix)]
pub(crate) use facts::caller;
pub(crate) use facts::{Facts, Kind};
pub use trail::Trail;
#[cfg(windows)]
pub use trail::without_verbatim_prefix;
#[cfg(windows)]
pub(crate) use trail::{privacy_objection, privacy_objection_at};

/// Returns the real path of the file or folder at `path`, without symbolic links. Only the caller
/// and root can change it, or redirect the path.
///
/// # Errors
/// Refused if another user can, with the command that fixes it. Io if it cannot be reached.
pub fn follow(path: &Path) -> Result<PathBuf, ReadError> {
    Trail::new().follow(path)
}

/// Returns the reason not to trust the file at `path`, with the command that fixes it. A file that
/// cannot be reached is no objection: using it gives a better error.
#[must_use]
pub fn objection(path: &Path) -> Option<Error> {
    match follow(path) {
        Err(ReadError::Refused(error)) => Some(error),
        Err(ReadError::Io(_)) | Ok(_) => None,
    }
}

pub use crate::advice::quote;
