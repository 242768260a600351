//! Suppresses some system calls of programs.

use std::ffi::OsString;

use crate::call::Call;
use crate::install;

/// Lets a test look into the helper that `call` runs, and into all its children. The helper closes
/// its memory to other processes of its user, except root.
#[must_use]
pub fn dumpable(call: Call) -> Call {
    call.under(without("dumpable"))
}

/// Forbids the kernel's keyring, as container engines do.
#[must_use]
pub fn without_keyring(call: Call) -> Call {
    call.under(without("keyring"))
}

/// Returns the wrapper of a program that changes no file's owner, and gets no error.
#[must_use]
pub(crate) fn without_chown() -> Vec<OsString> {
    without("chown")
}

fn without(calls: &str) -> Vec<OsString> {
    let options = ["-I", "-S", "-c", include_str!("syscalls.py"), calls];
    [install::python().into()].into_iter().chain(options.map(OsString::from)).collect()
}
