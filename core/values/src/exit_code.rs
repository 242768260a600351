//! The exit code of a call that fails.

use std::ffi::OsString;

use crate::Error;

/// The exit code of our own failure in a command that passes a program's exit code on: well-behaved
/// programs do not use it (POSIX.1-2024, `timeout`).
const BEFORE_A_PROGRAM: u8 = 125;

/// Returns the exit code of a call with these `arguments` that failed with `error`.
///
/// The front knows no command but `get`, and the worker also reports panics and mistakes in the
/// command line. So both look at the arguments.
#[must_use]
pub fn exit_code(error: &Error, arguments: &[OsString]) -> u8 {
    if runs_a_program(arguments) { BEFORE_A_PROGRAM } else { error.kind().exit_code() }
}

/// Returns whether the call is `exec`, even if the rest is invalid.
fn runs_a_program(arguments: &[OsString]) -> bool {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--profile" | "--config" | "--format") => drop(arguments.next()),
            Some(option) if option.starts_with('-') => {}
            word => return word == Some("exec"),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(arguments: &[&str]) -> u8 {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        exit_code(&Error::misconfigured("a mistake"), &arguments)
    }

    #[test]
    fn exit_code_125_is_for_exec_only() {
        for arguments in [
            &["exec"][..],
            &["exec", "--no-such", "--", "ls"],
            &["--profile", "work", "--config=/c", "exec"],
            &["--format", "json", "exec"],
            &["--front-version=1", "--asked-at=1", "exec"],
        ] {
            assert_eq!(code(arguments), BEFORE_A_PROGRAM, "{arguments:?}");
        }
        for arguments in [&["get"][..], &["--profile", "exec"], &["get", "exec"], &[]] {
            assert_eq!(code(arguments), 2, "{arguments:?}");
        }
    }
}
