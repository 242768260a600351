//! Commands for hints, written for the usual shell of each system.

use std::path::Path;

#[cfg(not(windows))]
pub use posix::{look_at, look_at_way, quote, remove, remove_all, remove_ending, room_of};
#[cfg(windows)]
pub use windows::{look_at, look_at_way, quote, remove, remove_all, remove_ending, room_of};

/// The quoting for Windows, on every system.
#[cfg(any(windows, test))]
pub(crate) use windows::quote as quote_for_windows;

/// Commands for POSIX shells.
#[cfg(any(not(windows), test))]
#[cfg_attr(windows, allow(dead_code, unreachable_pub, reason = "of another system"))]
mod posix {
    use super::Path;

    /// Quotes a path for a command that a user pastes into a shell.
    #[must_use]
    pub fn quote(path: &Path) -> String {
        // The quoter refuses only a NUL, which no path contains.
        let quoter = shlex::Quoter::new().allow_nul(true);
        quoter.quote(&path.display().to_string()).unwrap_or_default().into_owned()
    }

    /// The command that shows owner and permissions of a file or folder.
    #[must_use]
    pub fn look_at(path: &Path) -> String {
        format!("ls -ld {}", quote(path))
    }

    /// The command that shows owner and permissions of each folder on the way to `path`.
    #[must_use]
    pub fn look_at_way(path: &Path) -> String {
        // macOS has no `namei`.
        if cfg!(target_os = "linux") { format!("namei -l {}", quote(path)) } else { look_at(path) }
    }

    /// The command that removes a file.
    #[must_use]
    pub fn remove(path: &Path) -> String {
        format!("rm {}", quote(path))
    }

    /// The command that removes the files in a folder whose names end with `suffix`.
    #[must_use]
    pub fn remove_ending(folder: &Path, suffix: &str) -> String {
        // POSIX shells do not expand a star in quotes.
        format!("rm {}/*{suffix}", quote(folder))
    }

    /// The command that shows a disk's free space.
    #[must_use]
    pub fn room_of(path: &Path) -> String {
        format!("df -h {}", quote(path))
    }

    /// The command that removes a folder and its content.
    #[must_use]
    pub fn remove_all(path: &Path) -> String {
        format!("rm -r {}", quote(path))
    }
}

/// Commands for PowerShell and `cmd`, which understand them alike.
#[cfg(any(windows, test))]
#[cfg_attr(not(windows), allow(dead_code, unreachable_pub, reason = "of another system"))]
mod windows {
    use super::Path;

    /// Quotes a path for a command that a user pastes into a shell. On Windows no path contains a
    /// quote.
    #[must_use]
    pub fn quote(path: &Path) -> String {
        let text = path.display().to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || r"\/._-:".contains(c);
        if !text.is_empty() && text.chars().all(plain) { text } else { format!("\"{text}\"") }
    }

    /// The command that shows the permissions of a file or folder.
    #[must_use]
    pub fn look_at(path: &Path) -> String {
        format!("icacls {}", quote(path))
    }

    /// Shows only `path` itself: Windows has no command for the folders on the way to it.
    #[must_use]
    pub fn look_at_way(path: &Path) -> String {
        look_at(path)
    }

    /// The command that removes a file.
    #[must_use]
    pub fn remove(path: &Path) -> String {
        format!("del {}", quote(path))
    }

    /// The command that removes the files in a folder whose names end with `suffix`.
    #[must_use]
    pub fn remove_ending(folder: &Path, suffix: &str) -> String {
        let folder = quote(folder);
        match folder.strip_suffix('"') {
            Some(open) => format!(r#"del {open}\*{suffix}""#),
            None => format!(r"del {folder}\*{suffix}"),
        }
    }

    /// The command that shows a disk's free space.
    #[must_use]
    pub fn room_of(path: &Path) -> String {
        format!("fsutil volume diskfree {}", quote(path))
    }

    /// The command that removes a folder and its content.
    #[must_use]
    pub fn remove_all(path: &Path) -> String {
        format!("rmdir {}", quote(path))
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, posix, windows};

    #[test]
    fn hint_path_is_quoted_for_each_shell() {
        assert_eq!(posix::quote(Path::new("/opt/keys/gen.sh")), "/opt/keys/gen.sh");
        assert_eq!(posix::quote(Path::new("/o k/it's")), r#""/o k/it's""#);
        assert_eq!(posix::quote(Path::new("/o'k/$HOME")), r#""/o'k/"'$HOME'"#);
        assert_eq!(posix::quote(Path::new("")), "''");
        assert_eq!(windows::quote(Path::new(r"C:\keys\gen.cmd")), r"C:\keys\gen.cmd");
        assert_eq!(windows::quote(Path::new(r"C:\o k\it's")), r#""C:\o k\it's""#);
    }

    #[test]
    fn hint_glob_is_left_for_each_shell_to_expand() {
        let posix = |folder| posix::remove_ending(Path::new(folder), ".tmp");
        assert_eq!(posix("/home/ann/state"), "rm /home/ann/state/*.tmp");
        assert_eq!(posix("/o k/state"), "rm '/o k/state'/*.tmp");
        assert_eq!(posix("/o'k/state"), r#"rm "/o'k/state"/*.tmp"#);
        let windows = |folder| windows::remove_ending(Path::new(folder), ".tmp");
        assert_eq!(windows(r"C:\state"), r"del C:\state\*.tmp");
        assert_eq!(windows(r"C:\o k\state"), r#"del "C:\o k\state\*.tmp""#);
    }
}
