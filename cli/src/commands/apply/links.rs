//! Links to the front whose names say which profile is meant: for clients that pass no arguments.

use std::fs;
use std::path::Path;

#[cfg(unix)]
use api_key_helper_system::advice;
use api_key_helper_system::trust;
use api_key_helper_values::Error;

/// Lets `link` lead to `front`. Says whether it did not before.
///
/// # Errors
/// Misconfigured, when something else is there, or it cannot be made.
#[cfg(unix)]
pub(super) fn make(link: &Path, front: &Path) -> Result<bool, Error> {
    use std::os::unix::fs::{DirBuilderExt as _, symlink};

    let refused = |error: &std::io::Error| {
        let shown = trust::quote(link);
        Error::misconfigured(format!("cannot make the link `{shown}`: {error}"))
            .with_hint(format!("look at it with `{}`", advice::look_at(link)))
    };
    if fs::read_link(link).is_ok_and(|found| found == front) {
        return Ok(false);
    }
    if link.is_symlink() {
        fs::remove_file(link).map_err(|error| refused(&error))?;
    }
    let folder = link.parent().unwrap_or(link);
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.and_then(|()| symlink(front, link)).map_err(|error| refused(&error))?;
    Ok(true)
}

/// Windows lets few users make links.
#[cfg(not(unix))]
pub(super) fn make(link: &Path, front: &Path) -> Result<bool, Error> {
    let (link, front) = (trust::quote(link), trust::quote(front));
    Err(Error::misconfigured(format!("`{link}` cannot be made here")).with_hint(format!(
        "make it by hand, as a copy of `{front}`, or leave `--profile` out and set `default_profile`"
    )))
}

/// Removes a link, and the folder that was made for it. Another file of its name stays.
pub(super) fn remove(link: &Path) {
    if link.is_symlink() && fs::remove_file(link).is_ok() {
        // It fails while there are others.
        let _ = link.parent().map(fs::remove_dir);
    }
}
