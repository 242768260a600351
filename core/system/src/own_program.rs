//! The path of this program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use api_key_helper_values::Error;

use crate::read_error::ReadError;
use crate::trust;

/// Returns the real path of the running program. `called` is the name by which it was started.
///
/// Linux provides it in `/proc`. If that is not mounted, a path in `called` is used, provided that
/// no other user can replace the program there. A bare name is not enough, because `PATH` is the
/// caller's.
///
/// # Errors
/// Misconfigured: the path is unknown or not safe.
pub fn own_program(called: &OsStr) -> Result<PathBuf, Error> {
    let known = std::env::current_exe().and_then(|path| path.canonicalize());
    known.or_else(|error| {
        let called = Path::new(called);
        let is_bare = called.parent().is_none_or(|folder| folder.as_os_str().is_empty());
        let found = if is_bare { Err(ReadError::Io(error)) } else { trust::follow(called) };
        found.map_err(|error| {
            error.into_error(|error| {
                Error::misconfigured(format!("cannot tell where this program is: {error}"))
                    .with_hint(if cfg!(target_os = "linux") {
                        "mount `/proc`, or start it by its path"
                    } else {
                        "start it by its absolute path"
                    })
            })
        })
    })
}
