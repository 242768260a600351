//! Links to the front that carry a profile in their name, for clients that pass no arguments.

use std::fs;
use std::path::Path;

#[cfg(unix)]
use api_key_helper_system::advice;
use api_key_helper_system::trust;
use api_key_helper_values::Error;

/// Makes `link` point to `front`. Returns whether it was changed. Fails if another file is there.
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

/// On Windows, few users may create links.
#[cfg(not(unix))]
pub(super) fn make(link: &Path, front: &Path) -> Result<bool, Error> {
    let (link, front) = (trust::quote(link), trust::quote(front));
    Err(Error::misconfigured(format!("`{link}` cannot be made here")).with_hint(format!(
        "make it by hand, as a copy of `{front}`, or leave `--profile` out and set `default_profile`"
    )))
}

/// Removes a link, and its folder if that is empty. Another file of that name stays.
pub(super) fn remove(link: &Path) {
    if link.is_symlink() && fs::remove_file(link).is_ok() {
        // Fails while the folder has other links.
        let _ = link.parent().map(fs::remove_dir);
    }
}
