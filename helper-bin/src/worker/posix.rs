//! What POSIX and Linux have, and neither the standard library nor `rustix` does safely: all that is
//! `unsafe` in the worker.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, setrlimit, umask};

/// Whether nothing happens at a signal.
#[expect(unsafe_code, reason = "nothing safe tells what a signal does")]
pub(crate) fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action it only writes the present one (POSIX, `sigaction`), and all of it
    // where it returns 0.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Gives a signal its default action back.
#[expect(unsafe_code, reason = "nothing safe does")]
pub(crate) fn restore_default(signal: i32) {
    // SAFETY: the default action is no handler, so no code of ours runs in one. KILL, which has no
    // other action, is refused with an error.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Calls `note` whenever another process sends a signal, and not the kernel or the terminal. It runs in
/// a signal handler: it may change atomic numbers, and nothing else.
///
/// # Errors
/// When the system does not let us.
#[expect(unsafe_code, reason = "nothing safe tells who sent a signal")]
pub(crate) fn when_a_process_sends(signal: i32, note: fn(i32)) -> io::Result<()> {
    let note = move |info: &libc::siginfo_t| {
        // The kernel's own have a code above zero (sigaction(2), "The si_code field").
        if info.si_code <= 0 {
            note(signal);
        }
    };
    // SAFETY: the action reads a number, and `note` changes atomic ones, which a signal handler may do
    // (POSIX.1-2024, 2.4.3 Signal Actions).
    unsafe { signal_hook_registry::register_sigaction(signal, note) }?;
    Ok(())
}

/// Lets `command` begin with this mask for its files and this limit for images of its memory.
#[expect(unsafe_code, reason = "the standard library has no other way to set them")]
pub(crate) fn begin_with(command: &mut Command, mask: Mode, core_images: Rlimit) {
    // SAFETY: between fork and exec only what is async-signal-safe may run (POSIX, fork). umask is
    // (POSIX.1-2024, 2.4.3 Signal Actions), and setrlimit is a bare system call; rustix allocates
    // nothing for either, and takes no lock.
    unsafe {
        command.pre_exec(move || {
            umask(mask);
            // A soft limit can always be raised to the hard one, which was left alone.
            let _ = setrlimit(Resource::Core, core_images);
            Ok(())
        });
    }
}

/// Lets the program of `command` get TERM when this process ends.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no other way to ask for it")]
pub(crate) fn end_with_us(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let parent = Some(getpid());
    // SAFETY: between fork and exec only what is async-signal-safe may run (POSIX, fork). getppid is
    // (POSIX.1-2024, 2.4.3 Signal Actions), and prctl is a bare system call; rustix allocates nothing
    // for either, and takes no lock.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::TERM))?;
            // Whose parent was gone before that would never be told.
            if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        });
    }
}

/// Other systems have no such call. Not tried.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_us(_: &mut Command) {}
