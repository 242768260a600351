//! The start of the process, in place of the standard library's.
//!
//! That one reads the memory map of the process to find the end of the stack, and allocates a
//! second stack for a handler that reports a stack overflow. Both take a third of the instructions
//! and of the system calls of a hit. Its other tasks are done here.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{IntoRawFd as _, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;

use api_key_helper_values::Error;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stderr, stdin, stdout};

/// The entry point that the C library calls.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the name by which the C library calls it")]
extern "C" fn main(count: c_int, values: *const *const c_char) -> c_int {
    if let Err(error) = open_streams() {
        // Writing to a closed stderr does nothing, and no other file has its number.
        let _ = io::stderr().write_all(error.report().as_bytes());
        return error.kind().exit_code().into();
    }
    report_failed_writes();
    let mut arguments = arguments(count, values).into_iter();
    let program = arguments.next().unwrap_or_default();
    crate::answer(&program, arguments.as_slice()).into()
}

/// Opens the standard streams that the caller has closed. Otherwise the next opened file would get
/// the number of one, and the key or an error would be written to it.
fn open_streams() -> Result<(), Error> {
    let streams = [stdin(), stdout(), stderr()];
    let mut polled = streams.map(|stream| PollFd::from_borrowed_fd(stream, PollFlags::empty()));
    let is_closed = match poll(&mut polled, Some(&Timespec::default())) {
        Ok(_) => polled.map(|stream| stream.revents().contains(PollFlags::NVAL)),
        // With a limit of open files below three, `poll` fails.
        Err(_) => streams.map(|stream| fcntl_getfd(stream) == Err(Errno::BADF)),
    };
    // `open` returns the lowest free number (POSIX, `open`), which is that of the closed stream.
    for _ in is_closed.into_iter().filter(|is_closed| *is_closed) {
        open_null().map_err(|error| {
            Error::transient(format!("cannot open `/dev/null` for a closed stream: {error}"))
                .with_hint("leave stdin, stdout and stderr open, or mount `/dev`")
        })?;
    }
    Ok(())
}

/// Opens `/dev/null` and keeps it open. In a container it may be missing, or a plain file, which
/// would save the key.
fn open_null() -> io::Result<RawFd> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    if null.metadata()?.file_type().is_char_device() {
        return Ok(null.into_raw_fd());
    }
    Err(io::Error::other("it is not a device"))
}

/// Makes writes to a pipe without a reader, and beyond the file size limit (`ulimit -f`), return
/// errors instead of ending the process.
#[expect(unsafe_code, reason = "nothing safe sets what a signal does without watching for it")]
fn report_failed_writes() {
    // SAFETY: both signals exist, and either is ignored or has a handler that does nothing, which a
    // handler may do at any time (POSIX, `signal`).
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        // A handler, because an ignored signal is also ignored in the worker's programs (POSIX,
        // `exec`).
        let before = libc::signal(libc::SIGXFSZ, nothing as *const () as libc::sighandler_t);
        if before == libc::SIG_IGN {
            libc::signal(libc::SIGXFSZ, before);
        }
    }
}

extern "C" fn nothing(_: c_int) {}

/// Returns the arguments, the program's name first. The standard library has them only if the C
/// library passes them to its initialisers: glibc does, musl does not.
#[expect(unsafe_code, reason = "C's strings")]
fn arguments(count: c_int, values: *const *const c_char) -> Vec<OsString> {
    let all = 0..usize::try_from(count).unwrap_or_default();
    all.map(|index| {
        // SAFETY: `values` has `count` terminated strings, which live as long as the process (C23,
        // 5.1.2.3.2 Program startup).
        let value = unsafe { CStr::from_ptr(*values.add(index)) };
        OsStr::from_bytes(value.to_bytes()).to_owned()
    })
    .collect()
}
