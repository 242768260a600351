//! The start of the process, in place of the standard library's.
//!
//! That one reads the process's own memory map to learn where its stack ends, and sets up a second
//! stack for a handler that would say that the first one overflowed: a third of the instructions and
//! of the system calls of a hit. What else it does is done here.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::fs::File;
use std::os::fd::IntoRawFd as _;
use std::os::unix::ffi::OsStrExt as _;

use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stderr, stdin, stdout};

/// What the C library calls.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the name by which the C library calls it")]
extern "C" fn main(count: c_int, values: *const *const c_char) -> c_int {
    open_streams();
    report_broken_pipes();
    let mut arguments = arguments(count, values).into_iter();
    let program = arguments.next().unwrap_or_default();
    crate::run(&program, arguments.as_slice()).into()
}

/// Opens those of the three streams that the caller has closed: else the next file that is opened
/// would take the number of one, and the key or an error would go there.
fn open_streams() {
    for stream in [stdin(), stdout(), stderr()] {
        if fcntl_getfd(stream) == Err(Errno::BADF) {
            // It takes the lowest number that is free (POSIX, `open`), which is this one.
            let null = File::options().read(true).write(true).open("/dev/null");
            // Where it cannot be opened, nothing else can.
            let _ = null.map(File::into_raw_fd);
        }
    }
}

/// A pipe that nobody reads is an error that is told, and not the end.
#[expect(unsafe_code, reason = "nothing safe sets what a signal does without watching for it")]
fn report_broken_pipes() {
    // SAFETY: SIGPIPE exists, may be ignored, and no handler is set (POSIX, `signal`).
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// The arguments, the program's name first. The standard library knows them only where the C library
/// hands them to its initialisers, as glibc does and musl does not.
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
