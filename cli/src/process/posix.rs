//! The worker's `unsafe` code: POSIX and Linux calls for which neither the standard library nor
//! `rustix` has a safe function.

use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, setrlimit, umask};

/// Returns whether the process ignores `signal`.
#[expect(unsafe_code, reason = "nothing safe tells what a signal does")]
pub(crate) fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action, `sigaction` only writes the current one, and writes all of it
    // if it returns 0 (POSIX, `sigaction`).
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Turns a write beyond the file size limit (`ulimit -f`) into an error instead of a fatal signal.
/// It needs a handler: the programs that we start would inherit an ignored signal (POSIX, `exec`).
#[expect(unsafe_code, reason = "nothing safe sets what a signal does without watching for it")]
pub(crate) fn report_files_beyond_their_limit() {
    extern "C" fn nothing(_: libc::c_int) {}

    // SAFETY: the signal exists, and an empty handler is safe to run at any time (POSIX, `signal`).
    unsafe {
        let before = libc::signal(libc::SIGXFSZ, nothing as *const () as libc::sighandler_t);
        if before == libc::SIG_IGN {
            libc::signal(libc::SIGXFSZ, before);
        }
    }
}

/// Closes all inherited descriptors except the three streams, for a process that outlives its
/// caller. Must be called before anything else is opened.
#[expect(unsafe_code, reason = "nothing safe closes what was never opened here")]
pub(crate) fn close_inherited() {
    for descriptor in behind_the_streams() {
        // SAFETY: only the three streams of ours are open yet, so no code uses this number.
        unsafe { libc::close(descriptor) };
    }
}

/// Lets `command`, which outlives this process, start without the caller's files and folders.
#[expect(unsafe_code, reason = "the standard library has no other way to close them")]
pub(crate) fn begin_apart(command: &mut Command) {
    command.current_dir("/");
    // Listed before the fork, because listing allocates. Files opened later have `O_CLOEXEC`.
    let open = behind_the_streams();
    // SAFETY: only async-signal-safe functions may run between fork and exec (POSIX, fork). fcntl
    // is one (POSIX.1-2024, 2.4.3 Signal Actions), and takes no lock.
    unsafe {
        command.pre_exec(move || {
            for descriptor in &open {
                libc::fcntl(*descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
            }
            Ok(())
        });
    }
}

/// Lists the open descriptors except the three streams. The descriptor used for listing is among
/// them, and already closed.
fn behind_the_streams() -> Vec<i32> {
    let listed = ["/proc/self/fd", "/dev/fd"].iter().find_map(|folder| {
        let names = std::fs::read_dir(folder)
            .ok()?
            .filter_map(|file| file.ok()?.file_name().into_string().ok());
        Some(names.filter_map(|name| name.parse().ok()).collect::<Vec<i32>>())
    });
    let mut open = listed.unwrap_or_else(|| (0..MOST_INHERITED).collect());
    open.retain(|descriptor| *descriptor > 2);
    open
}

/// The usual limit of open files.
const MOST_INHERITED: i32 = 1024;

/// Lets `command` start with this file mode mask and this limit for core files.
#[expect(unsafe_code, reason = "the standard library has no other way to set them")]
pub(crate) fn begin_with(command: &mut Command, mask: Mode, core_images: Rlimit) {
    // SAFETY: only async-signal-safe functions may run between fork and exec (POSIX, fork). umask
    // is one (POSIX.1-2024, 2.4.3 Signal Actions), and setrlimit is a bare system call. rustix
    // allocates nothing and takes no lock for either.
    unsafe {
        command.pre_exec(move || {
            umask(mask);
            // The soft limit can always be raised to the hard limit, which was not changed.
            let _ = setrlimit(Resource::Core, core_images);
            Ok(())
        });
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;

    use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
    use rustix::process::getrlimit;

    use super::*;

    #[test]
    fn exec_closes_inherited_descriptors_of_any_number() {
        let above = MOST_INHERITED + 100;
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: Some(2_048), ..limit };
        setrlimit(Resource::Nofile, raised).unwrap();
        let zero = File::open("/dev/zero").unwrap();
        let inherited = [10, above].map(|lowest| {
            let inherited = fcntl_dupfd_cloexec(&zero, lowest).unwrap();
            fcntl_setfd(&inherited, FdFlags::empty()).unwrap();
            inherited
        });
        let listed = |command: &mut Command| {
            let output = command.arg("-l").arg("/proc/self/fd").output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let mut command = Command::new("/bin/ls");
        assert_eq!(listed(&mut command).matches("/dev/zero").count(), inherited.len());
        let mut command = Command::new("/bin/ls");
        begin_apart(&mut command);
        assert_eq!(listed(&mut command).matches("/dev/zero").count(), 0);
    }
}
