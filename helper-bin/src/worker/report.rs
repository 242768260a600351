//! The one place that speaks on stderr.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use api_key_helper_core::{Error, report};

use crate::own_failure;

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
        own_failure::exit_code(error, &arguments)
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
    api_key_helper_core::print(text).map_err(|error| {
        Error::transient(format!("cannot write to stdout: {error}"))
            .with_hint("look at what the output was redirected to")
    })
}

pub(crate) fn no_runtime(error: &io::Error) -> Error {
    Error::transient(format!("cannot start: {error}"))
        .with_hint("the machine is out of file descriptors or memory; end other programs")
}
