//! A view of the file system that only one call has.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use rustix::process::geteuid;

use crate::call::Call;

/// Mounts that are made before a call and seen by nobody else: in a mount namespace, which whoever
/// is not root makes in a user namespace.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    commands: String,
}

impl Mounts {
    /// No mounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty file system with this much room at `folder`.
    #[must_use]
    pub fn empty(self, folder: &Path, room: &str) -> Self {
        let folder = folder.display();
        self.command(&format!("mount -t tmpfs -o size={room},mode=700 tmpfs '{folder}'"))
    }

    /// What is mounted at `folder` is only read from here on.
    #[must_use]
    pub fn read_only(self, folder: &Path) -> Self {
        self.command(&format!("mount -o remount,bind,ro '{}'", folder.display()))
    }

    /// What is at `from` is seen at `to` too.
    #[must_use]
    pub fn bind(self, from: &Path, to: &Path) -> Self {
        self.command(&format!("mount --bind '{}' '{}'", from.display(), to.display()))
    }

    /// A copy of `from` at `to`, with the folders around it.
    #[must_use]
    pub fn copy(self, from: &Path, to: &Path) -> Self {
        let folder = to.parent().expect("a folder around it").display();
        let (from, to) = (from.display(), to.display());
        self.command(&format!("mkdir -p '{folder}' && cp -p '{from}' '{to}'"))
    }

    /// A call that sees them.
    #[must_use]
    pub fn seen_by(&self, call: Call) -> Call {
        let user: &[&str] = if geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
        let commands = format!("{}exec \"$@\"", self.commands);
        let namespace = ["unshare"].iter().chain(user).chain(&["--mount", "--", "sh", "-euc"]);
        let namespace = namespace.map(ToString::to_string).chain([commands, "sh".to_owned()]);
        call.under(namespace)
    }

    /// A command of the shell.
    #[must_use]
    pub fn command(mut self, command: &str) -> Self {
        self.commands.push_str(command);
        self.commands.push('\n');
        self
    }
}

/// Makes what is at `path` somebody else's, for the calls that see these mounts. Only root can give
/// anything away; other users lay something of root's over it.
///
/// # Panics
/// When that fails.
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

/// The user `nobody`, as which a user namespace also shows all users that are not in it.
pub const NOBODY: u32 = 65_534;
