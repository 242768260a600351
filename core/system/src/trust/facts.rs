//! The facts that decide about write access.

use std::fs::Metadata;

/// Owner, mode and type of a file, folder or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    #[cfg(unix)]
    pub(crate) user: u32,
    #[cfg(unix)]
    pub(crate) group: u32,
    #[cfg(unix)]
    pub(crate) mode: u32,
    pub(crate) kind: Kind,
    /// Set for an open file with a single name. Others cannot replace the open file, and cannot
    /// have made it a hard link to another one.
    #[cfg(unix)]
    pub(crate) is_pinned: bool,
}

/// The type of a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A plain file or a FIFO: its writers decide the content.
    File,
    Folder,
    Link,
    /// A device or a socket: its mode says who may use it.
    Other,
}

#[cfg(unix)]
impl From<&Metadata> for Facts {
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self {
            user: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o7777,
            kind: Kind::of(metadata),
            is_pinned: false,
        }
    }
}

#[cfg(unix)]
impl From<&rustix::fs::Stat> for Facts {
    fn from(found: &rustix::fs::Stat) -> Self {
        use rustix::fs::FileType;

        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Kind::Folder,
            FileType::RegularFile | FileType::Fifo => Kind::File,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        #[cfg_attr(
            target_os = "linux",
            expect(clippy::useless_conversion, reason = "it has 16 bits on macOS")
        )]
        let mode = u32::from(found.st_mode) & 0o7777;
        Self { user: found.st_uid, group: found.st_gid, mode, kind, is_pinned: false }
    }
}

impl Kind {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let kind = metadata.file_type();
        #[cfg(unix)]
        let is_fifo = std::os::unix::fs::FileTypeExt::is_fifo(&kind);
        #[cfg(not(unix))]
        let is_fifo = false;
        if kind.is_dir() {
            Self::Folder
        } else if kind.is_file() || is_fifo {
            Self::File
        } else if kind.is_symlink() {
            Self::Link
        } else {
            Self::Other
        }
    }
}

/// The effective user id, by which the system checks writing. It is cached, because our programs
/// never change it.
#[cfg(unix)]
pub(crate) fn caller() -> u32 {
    static CALLER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();

    *CALLER.get_or_init(|| rustix::process::geteuid().as_raw())
}
