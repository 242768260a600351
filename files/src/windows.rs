//! Replaces files durably, as Windows does it.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

/// Replaces the file at `path` with `draft`.
///
/// Where the file system supports it, the standard library renames as POSIX does, and open readers
/// keep the old file. Elsewhere the last reader must have closed it. A reader needs microseconds,
/// so the rename is repeated.
///
/// # Errors
/// The file system reports an error.
pub fn replace(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    // Closes the file, and removes the attribute which says that it need not be written to disk.
    let draft = draft.into_temp_path().keep()?;
    rename(&draft, path).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// Renames a file, and replaces one of the new name.
///
/// # Errors
/// The file system reports an error.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(PATIENCE, || fs::rename(from, to))
}

/// Removes a file.
///
/// # Errors
/// The file system reports an error.
pub fn remove(path: &Path) -> io::Result<()> {
    patiently(PATIENCE, || fs::remove_file(path))
}

/// Waits until the content of `file` is on disk.
///
/// # Errors
/// The file system reports an error.
pub fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Does nothing: Windows has no such call, because its file systems keep names in a journal.
///
/// # Errors
/// None on Windows.
pub fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Repeats `act` while another process has the file open, for as long as `patience`.
///
/// # Errors
/// The file system reports an error.
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

/// Longer than many concurrent readers keep a file open, and shorter than any client waits.
const PATIENCE: Duration = Duration::from_secs(2);
