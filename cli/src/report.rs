//! Output: the only module that writes to stderr.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use api_key_helper_values::{Error, exit_code, report, visible, visible_json};
use serde::Serialize;

/// Reports errors and warnings on stderr.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reporter;

impl Reporter {
    /// Reports an error and gives its exit code.
    pub(crate) fn failed(self, error: &Error) -> ExitCode {
        ExitCode::from(self.failed_with(error))
    }

    /// Reports an error and returns its exit code as a number, for callers that exit at once.
    pub(crate) fn failed_with(self, error: &Error) -> u8 {
        say(&error.report());
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        exit_code(error, &arguments)
    }

    /// Reports problems that did not prevent an answer.
    pub(crate) fn warn(self, warnings: &[String]) {
        for warning in warnings {
            say(&report("warning", warning, None));
        }
    }
}

/// Writes a message for the user to stderr while a command runs.
pub(crate) fn tell(text: &str) {
    say(text);
}

fn say(text: &str) {
    // A closed stderr is no error.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a text for the user to stdout.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    api_key_helper_system::print(text).map_err(|error| {
        Error::transient(format!("cannot write to stdout: {error}"))
            .with_hint("check the file or program that stdout is redirected to")
    })
}

/// Removes colours and control characters from each line.
pub(crate) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Prints `value` as JSON without control characters, for programs.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(value).unwrap_or_default();
    print(&(visible_json(json) + "\n"))
}

pub(crate) fn no_runtime(error: &io::Error) -> Error {
    Error::transient(format!("cannot start: {error}"))
        .with_hint("the machine is out of file descriptors or memory; end other programs")
}
