//! Changes the file system for one call.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use rustix::process::geteuid;

use crate::call::Call;

/// Mounts for one call, which no other process sees: in a mount namespace. Users other than root
/// need a user namespace for it.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    commands: String,
}

impl Mounts {
    /// Returns no mounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an empty file system of this size at `folder`.
    #[must_use]
    pub fn empty(self, folder: &Path, room: &str) -> Self {
        let folder = folder.display();
        self.command(&format!("mount -t tmpfs -o size={room},mode=700 tmpfs '{folder}'"))
    }

    /// Makes the mount at `folder` read-only.
    #[must_use]
    pub fn read_only(self, folder: &Path) -> Self {
        self.command(&format!("mount -o remount,bind,ro '{}'", folder.display()))
    }

    /// Shows the content of `from` at `to` as well.
    #[must_use]
    pub fn bind(self, from: &Path, to: &Path) -> Self {
        self.command(&format!("mount --bind '{}' '{}'", from.display(), to.display()))
    }

    /// Copies `from` to `to`, and makes the missing folders.
    #[must_use]
    pub fn copy(self, from: &Path, to: &Path) -> Self {
        let folder = to.parent().expect("a folder around it").display();
        let (from, to) = (from.display(), to.display());
        self.command(&format!("mkdir -p '{folder}' && cp -p '{from}' '{to}'"))
    }

    /// Returns a call that sees the mounts.
    #[must_use]
    pub fn seen_by(&self, call: Call) -> Call {
        let user: &[&str] = if geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
        let commands = format!("{}exec \"$@\"", self.commands);
        let namespace = ["unshare"].iter().chain(user).chain(&["--mount", "--", "sh", "-euc"]);
        let namespace = namespace.map(ToString::to_string).chain([commands, "sh".to_owned()]);
        call.under(namespace)
    }

    /// Adds a shell command.
    #[must_use]
    pub fn command(mut self, command: &str) -> Self {
        self.commands.push_str(command);
        self.commands.push('\n');
        self
    }
}

/// Changes the owner of `path`, for the calls that see these mounts. Only root can change an owner;
/// other users mount a file of root over it.
///
/// # Panics
/// It cannot be changed.
#[must_use]
pub fn give_away(path: &Path) -> Mounts {
    if geteuid().is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root can give files away");
        return Mounts::new();
    }
    let is_folder = fs::symlink_metadata(path).expect("something at that path").is_dir();
    let stranger = Path::new(if is_folder { "/usr" } else { "/proc/version" });
    assert_eq!(stranger.metadata().expect("what every system has").uid(), 0);
    Mounts::new().bind(stranger, path)
}

/// The user `nobody`, which in a user namespace also stands for all unmapped users.
pub const NOBODY: u32 = 65_534;
