//! Executables that a test makes and runs.
//!
//! The system does not run a file that is open for writing. Between fork and exec, a child has the
//! open files of this process. So no process may start while another thread writes an executable.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{PoisonError, RwLock};

static STARTS: RwLock<()> = RwLock::new(());

/// Writes an executable.
///
/// # Panics
/// It cannot be written.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    let _alone = STARTS.write().unwrap_or_else(PoisonError::into_inner);
    fs::create_dir_all(path.parent().expect("a folder around it")).expect("the folder around it");
    // A new file, because the old one may be running.
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
/// It cannot be copied.
pub fn copy(from: &Path, to: &Path) {
    write(to, fs::read(from).expect("the executable's content"));
}

/// Starts a process.
///
/// # Errors
/// The system reports an error.
pub fn start(command: &mut Command) -> io::Result<Child> {
    let _among_others = STARTS.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn()
}
