//! Processes from `proc_pidinfo` and `proc_pidpath` (`libproc.h`).

#![expect(unsafe_code, reason = "the system's calls; each block says why it is sound")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{Machine, Process, Processes, SHELLS};

impl Processes for Machine {
    fn parent(&self) -> Option<u32> {
        Some(std::os::unix::process::parent_id())
    }

    fn process(&self, id: u32) -> Option<Process> {
        let found = about(id)?;
        // In microseconds, so that no two processes have the same id and start.
        let started = found.pbi_start_tvsec.saturating_mul(1_000_000) + found.pbi_start_tvusec;
        Some(Process { parent: found.pbi_ppid, started })
    }

    /// Compares the executable: `/bin/sh` is a program of its own, which runs `bash`.
    fn is_shell(&self, id: u32) -> bool {
        let mut path = [0_u8; libc::PROC_PIDPATHINFO_MAXSIZE as usize];
        let (Ok(id), Ok(room)) = (i32::try_from(id), u32::try_from(path.len())) else {
            return false;
        };
        // SAFETY: `path` has `room` bytes.
        let length = unsafe { libc::proc_pidpath(id, path.as_mut_ptr().cast(), room) };
        let path = usize::try_from(length).ok().and_then(|length| path.get(..length));
        let name = path.and_then(|path| Path::new(OsStr::from_bytes(path)).file_name());
        name.and_then(OsStr::to_str).is_some_and(|name| SHELLS.contains(&name))
    }
}

fn about(id: u32) -> Option<libc::proc_bsdinfo> {
    let size = i32::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    // SAFETY: the structure is the one for this flavour, and has `size` bytes.
    let written = unsafe {
        libc::proc_pidinfo(
            i32::try_from(id).ok()?,
            libc::PROC_PIDTBSDINFO,
            0,
            found.as_mut_ptr().cast(),
            size,
        )
    };
    // SAFETY: it has only numbers, for which every bit pattern is valid.
    (written == size).then(|| unsafe { found.assume_init() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_is_found_with_its_parent_and_start_time() {
        let own = Machine.process(std::process::id()).unwrap();
        assert_eq!(Some(own.parent), Machine.parent());
        assert!(own.started > 1_000_000_000_000_000);
        assert!(!Machine.is_shell(std::process::id()));
        assert_eq!(Machine.process(i32::MAX as u32), None);
    }
}
