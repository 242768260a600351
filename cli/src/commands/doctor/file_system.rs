//! Reads free space and type of a file system.

use std::io;
use std::path::Path;

/// The number of bytes that the caller can still write below `path`.
#[cfg(unix)]
pub(super) fn room(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Not checked on other systems.
#[cfg(not(unix))]
pub(super) fn room(_: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The network file system that `path` is on, if any.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn network(path: &Path) -> io::Result<Option<&'static str>> {
    // The numbers are 32 bits wide. The field is wider on most machines, and signed on some.
    Ok(by_magic(rustix::fs::statfs(path)?.f_type as u32))
}

/// macOS has a flag for local file systems.
#[cfg(target_os = "macos")]
pub(super) fn network(path: &Path) -> io::Result<Option<&'static str>> {
    /// `MNT_LOCAL` of `sys/mount.h`.
    const LOCAL: u32 = 0x1000;

    let flags = rustix::fs::statfs(path)?.f_flags;
    Ok((flags & LOCAL == 0).then_some("a network's file system"))
}

/// Not checked on other systems.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
pub(super) fn network(_: &Path) -> io::Result<Option<&'static str>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The numbers of `linux/magic.h`. FUSE hides what is below it: a network with sshfs, or a file
/// system of this machine.
#[cfg(any(target_os = "linux", target_os = "android"))]
const fn by_magic(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x0102_1997 => "9P",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x00c3_6400 => "Ceph",
        0x7375_7245 => "Coda",
        0x6573_5546 => "FUSE (which may be a network's, as sshfs is)",
        0x0000_6969 => "NFS",
        0x0000_517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        _ => return None,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn doctor_recognizes_nfs_and_smb_by_magic_number() {
        for (magic, name) in [
            (0x6969, "NFS"),
            (0xff53_4d42, "SMB"),
            (0xfe53_4d42, "SMB"),
            (0x0102_1997, "9P"),
            (0x6573_5546, "FUSE (which may be a network's, as sshfs is)"),
        ] {
            assert_eq!(by_magic(magic), Some(name));
        }
        // ext4, tmpfs, overlayfs, btrfs
        for magic in [0xef53, 0x0102_1994, 0x794c_7630, 0x9123_683e] {
            assert_eq!(by_magic(magic), None);
        }
    }

    #[test]
    fn doctor_reads_the_file_system_of_a_folder() {
        assert_eq!(network(Path::new("/proc")).unwrap(), None);
        assert!(room(Path::new("/")).is_ok());
        assert!(network(Path::new("/no/such/folder")).is_err());
    }
}
