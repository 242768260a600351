//! How Windows replaces a file, and makes that last.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

/// Puts `draft` in the place of the file at `path`.
///
/// The standard library renames by POSIX's rule, by which those who read the old file go on, where
/// the file system knows it. Elsewhere the last reader must have closed it: each needs
/// microseconds, so it is tried again.
///
/// # Errors
/// Those of the file system.
pub fn replace(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    // Closed, and no longer marked as a file that needs not be written to the disk.
    let draft = draft.into_temp_path().keep()?;
    rename(&draft, path).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// Renames a file, in place of another one.
///
/// # Errors
/// Those of the file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(PATIENCE, || fs::rename(from, to))
}

/// Removes a file.
///
/// # Errors
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    patiently(PATIENCE, || fs::remove_file(path))
}

/// Waits until the content of `file` is on the disk.
///
/// # Errors
/// Those of the file system.
pub fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Windows has no such call: its file systems keep names in a journal.
///
/// # Errors
/// Those of the file system.
pub fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Tries again what others prevent by having the file open just now.
///
/// # Errors
/// Those of the file system.
#[expect(clippy::disallowed_methods, reason = "it is the system that waits, and no test's clock")]
pub fn patiently<T>(patience: Duration, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut pause = Duration::from_millis(1);
    let mut waited = Duration::ZERO;
    loop {
        match act() {
            Err(error) if is_in_use(&error) && waited < patience => {
                std::thread::sleep(pause);
                waited += pause;
                pause = (pause * 2).min(Duration::from_millis(16));
            }
            done => return done,
        }
    }
}

/// `ERROR_ACCESS_DENIED`, `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`,
/// `ERROR_DELETE_PENDING`.
fn is_in_use(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| [5, 32, 33, 303].contains(&code))
}

/// Longer than many readers at once keep a file open, and shorter than any client waits.
const PATIENCE: Duration = Duration::from_secs(2);
