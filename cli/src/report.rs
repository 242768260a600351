//! The one place that speaks on stderr.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use api_key_helper_values::{Error, exit_code, report, visible, visible_json};
use serde::Serialize;

/// Says on stderr what a person should know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reporter;

impl Reporter {
    /// Reports an error and gives its exit code.
    pub(crate) fn failed(self, error: &Error) -> ExitCode {
        ExitCode::from(self.failed_with(error))
    }

    /// The same for who cannot return one: the code as a number.
    pub(crate) fn failed_with(self, error: &Error) -> u8 {
        say(&error.report());
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        exit_code(error, &arguments)
    }

    /// Reports what did not keep us from answering.
    pub(crate) fn warn(self, warnings: &[String]) {
        for warning in warnings {
            say(&report("warning", warning, None));
        }
    }
}

/// What a person reads while a command is at work, on stderr.
pub(crate) fn tell(text: &str) {
    say(text);
}

fn say(text: &str) {
    // Where stderr is closed there is nobody to tell.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// What a person reads, on stdout.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    api_key_helper_system::print(text).map_err(|error| {
        Error::transient(format!("cannot write to stdout: {error}"))
            .with_hint("check the file or program that stdout is redirected to")
    })
}

/// Lines without colours, in which nothing acts on a terminal.
pub(crate) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Prints for a program: `value` as JSON, in which nothing acts on a terminal either.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(value).unwrap_or_default();
    print(&(visible_json(json) + "\n"))
}

pub(crate) fn no_runtime(error: &io::Error) -> Error {
    Error::transient(format!("cannot start: {error}"))
        .with_hint("the machine is out of file descriptors or memory; end other programs")
}
