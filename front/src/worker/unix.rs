//! Replaces the process, or starts one that outlives the caller, as POSIX does it.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Becomes the program of `command`; returns only on failure.
pub(super) fn replace_process(command: &mut Command) -> io::Error {
    // macOS has no other way to prevent a core image of the front.
    api_key_helper_system::restore_core_images();
    command.exec()
}

/// Starts `program` in a session of its own.
pub(super) fn start_apart(program: &Path, arguments: &[OsString]) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    detach(&mut command);
    command.spawn().map(drop)
}

#[expect(unsafe_code, reason = "the standard library has no other way to start a session")]
fn detach(command: &mut Command) {
    // SAFETY: between fork and exec, only async-signal-safe functions may run (POSIX, fork). setsid
    // is one (POSIX.1-2024, 2.4.3 Signal Actions); rustix makes it a bare system call, which
    // neither allocates nor locks.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            Ok(())
        });
    }
}
