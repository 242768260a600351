//! Executables that a test makes, and runs.
//!
//! The system runs no file that somebody has open for writing. A process that is just being started
//! has open what this one has, until it becomes its program. So while one thread writes an
//! executable, no other may start a process.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{PoisonError, RwLock};

static STARTS: RwLock<()> = RwLock::new(());

/// Writes an executable.
///
/// # Panics
/// When that fails.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    let _alone = STARTS.write().unwrap_or_else(PoisonError::into_inner);
    fs::create_dir_all(path.parent().expect("a folder around it")).expect("the folder around it");
    // Under a new name: the old file may be running.
    let draft = path.with_extension("draft");
    fs::write(&draft, content).expect("the executable's content");
    #[cfg(unix)]
    fs::set_permissions(&draft, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("the executable's mode");
    fs::rename(&draft, path).expect("the executable's name");
}

/// Copies an executable.
///
/// # Panics
/// When that fails.
pub fn copy(from: &Path, to: &Path) {
    write(to, fs::read(from).expect("the executable's content"));
}

/// Starts a process.
///
/// # Errors
/// When the system does not.
pub fn start(command: &mut Command) -> io::Result<Child> {
    let _among_others = STARTS.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn()
}
