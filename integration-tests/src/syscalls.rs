//! Programs some of whose system calls are not made.

use std::ffi::OsString;

use crate::call::Call;
use crate::install;

/// Lets a test look into the helper that `call` runs and into all that this starts, as only root
/// could otherwise: the helper closes its memory to the other processes of its user.
#[must_use]
pub fn dumpable(call: Call) -> Call {
    call.under(without("dumpable"))
}

/// Forbids the kernel's keyring, as container engines do.
#[must_use]
pub fn without_keyring(call: Call) -> Call {
    call.under(without("keyring"))
}

/// The words before a program that gives no file to another user, and does not notice.
#[must_use]
pub(crate) fn without_chown() -> Vec<OsString> {
    without("chown")
}

fn without(calls: &str) -> Vec<OsString> {
    let options = ["-I", "-S", "-c", include_str!("syscalls.py"), calls];
    [install::python().into()].into_iter().chain(options.map(OsString::from)).collect()
}
