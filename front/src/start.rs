//! The start of the process, in place of the standard library's.
//!
//! That one reads the process's own memory map to learn where its stack ends, and sets up a second
//! stack for a handler that would say that the first one overflowed: a third of the instructions
//! and of the system calls of a hit. What else it does is done here.

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

/// What the C library calls.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the name by which the C library calls it")]
extern "C" fn main(count: c_int, values: *const *const c_char) -> c_int {
    if let Err(error) = open_streams() {
        // A closed stderr takes nothing, and no other file has its number.
        let _ = io::stderr().write_all(error.report().as_bytes());
        return error.kind().exit_code().into();
    }
    report_failed_writes();
    let mut arguments = arguments(count, values).into_iter();
    let program = arguments.next().unwrap_or_default();
    crate::answer(&program, arguments.as_slice()).into()
}

/// Opens those of the three streams that the caller has closed: else the next file that is opened
/// would take the number of one, and the key or an error would go there.
fn open_streams() -> Result<(), Error> {
    let streams = [stdin(), stdout(), stderr()];
    let mut polled = streams.map(|stream| PollFd::from_borrowed_fd(stream, PollFlags::empty()));
    let is_closed = match poll(&mut polled, Some(&Timespec::default())) {
        Ok(_) => polled.map(|stream| stream.revents().contains(PollFlags::NVAL)),
        // Where the limit of open files is below three.
        Err(_) => streams.map(|stream| fcntl_getfd(stream) == Err(Errno::BADF)),
    };
    // It takes the lowest number that is free (POSIX, `open`), which is the closed one's.
    for _ in is_closed.into_iter().filter(|is_closed| *is_closed) {
        open_null().map_err(|error| {
            Error::transient(format!("cannot open `/dev/null` for a closed stream: {error}"))
                .with_hint("leave stdin, stdout and stderr open, or mount `/dev`")
        })?;
    }
    Ok(())
}

/// Opens `/dev/null` for good. In a container it may be missing, or a plain file, which would keep
/// the key.
fn open_null() -> io::Result<RawFd> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    if null.metadata()?.file_type().is_char_device() {
        return Ok(null.into_raw_fd());
    }
    Err(io::Error::other("it is not a device"))
}

/// Turns writes to a pipe without a reader, and to a file beyond its size limit (`ulimit -f`), into
/// errors instead of the end of the process.
#[expect(unsafe_code, reason = "nothing safe sets what a signal does without watching for it")]
fn report_failed_writes() {
    // SAFETY: both signals exist, and either is ignored or has a handler that does nothing, which a
    // handler may do at any time (POSIX, `signal`).
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        // A handler, for what is ignored would be ignored by the worker's programs too (POSIX,
        // `exec`).
        let before = libc::signal(libc::SIGXFSZ, nothing as *const () as libc::sighandler_t);
        if before == libc::SIG_IGN {
            libc::signal(libc::SIGXFSZ, before);
        }
    }
}

extern "C" fn nothing(_: c_int) {}

/// The arguments, the program's name first. The standard library knows them only where the C
/// library hands them to its initialisers, as glibc does and musl does not.
#[expect(unsafe_code, reason = "C's strings")]
fn arguments(count: c_int, values: *const *const c_char) -> Vec<OsString> {
    let all = 0..usize::try_from(count).unwrap_or_default();
    all.map(|index| {
        // SAFETY: `values` has `count` strings, each with its end, for as long as the process lives
        // (C23, 5.1.2.3.2 Program startup).
        let value = unsafe { CStr::from_ptr(*values.add(index)) };
        OsStr::from_bytes(value.to_bytes()).to_owned()
    })
    .collect()
}
