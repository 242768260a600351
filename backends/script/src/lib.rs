//! Runs a program and takes what it prints.
//!
//! What a program must do to be a source of keys:
//!
//! - No user but the caller and root can change it, or put another program in its place: see
//!   [`api_key_helper_system::trust`].
//! - It prints the key on stdout, alone or in one of the JSON documents that [`build`] describes,
//!   and exits with 0. Everything else goes to stderr, whose last line is part of the error when
//!   the program fails.
//! - It says by its exit code what is to happen next. The numbers are those of `sysexits.h`.
//!
//!   | exit code | means | what happens |
//!   |---|---|---|
//!   | 0 | stdout has the key | it is read; nothing, `null` or `None` counts as an outage |
//!   | 77 (`EX_NOPERM`) | access is denied | the cached key is dropped |
//!   | 78 (`EX_CONFIG`), 126, 127 | it is not set up, or a program is missing | nothing is tried again |
//!   | 75 (`EX_TEMPFAIL`), any other, a signal | an outage | it is tried again, then the old key goes on |
//!
//! - It expects no human: stdin is empty, or one secret, and its process group is not the terminal's.
//! - It ends in time, or at TERM. Its whole process group gets TERM when nine tenths of the time
//!   are over (at most one second before the end), and KILL halfway from there to the end.
//! - What it leaves running in the background after a success is left alone, and not waited for.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]
#![forbid(unsafe_code)]

mod config;
mod document;
mod executable;
mod exit;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod group;
mod invocation;
mod observe;
mod output;
mod questions;
mod run;
mod shell;
mod start;
mod streams;
mod unreadable;

use std::path::{Path, PathBuf};
use std::time::Duration;

use api_key_helper_backend::{
    Attempt, Backend, Credential, Error, Registration, Secret, SourceTable,
};
use async_trait::async_trait;
use config::Settings;
use executable::Executable;
use invocation::Invocation;

pub use observe::{Observation, observe};

/// The source that `table` describes:
///
/// - `command`: the program and its arguments, run directly. A relative path is relative to the
///   file that holds it, and so is a bare name: `PATH` is not searched.
/// - `shell_command`: a text that is run by `shell -c`. A source has either this or `command`.
/// - `shell`: `/bin/bash`, where neither the file nor `API_KEY_HELPER_SHELL` says otherwise.
/// - `output`: `"raw"`, the key alone; `"json"`, `{"key": "...", "expires_at": ...}` with a time
///   in any form that [`Expiry`](api_key_helper_backend::Expiry) reads; or `"auto"`, the default, which tells these apart, and also
///   reads an OAuth token response (RFC 6749, section 5.1), a Kubernetes `ExecCredential` and the
///   document of a Google executable source with an `id_token`.
/// - `env`: variables for the program, beside those that it inherits. Not for secrets.
/// - `stdin`: a secret input, which the program finds on its stdin as one line.
/// - `cwd`: the folder that it runs in, by default that of the configuration file: there, relative
///   paths among the arguments mean what they mean elsewhere in the file, and no other user can plant
///   anything, while the caller's own folder may be any checkout.
///
/// Only the shape is checked here. The file system is looked at by each attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Script { settings: Settings::read(table)? }))
}

/// What `init` writes.
const TEMPLATE: &str = if cfg!(windows) {
    include_str!("template_windows.toml")
} else {
    include_str!("template.toml")
};

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration = {
    let registration = Registration::new("script", "a program of yours prints it", build)
        .with_template(TEMPLATE)
        .with_questions(questions::QUESTIONS);
    #[cfg(feature = "schema")]
    let registration = registration.with_schema::<config::RawConfig>();
    registration
};

/// Runs a program for a secret input, and returns what it prints without the white space around it.
/// The program is checked and ended as a source's is.
///
/// `command` begins with the program's absolute path, and is run in `folder`, which is that of the
/// configuration file. `chain` is [`Attempt::chain`], and `time_left` the time until the caller
/// drops the future.
///
/// # Errors
/// As the exit code says. Misconfigured when the program may not be run, or prints what is not
/// text; Transient when it prints nothing.
pub async fn read_secret(
    command: &[String],
    folder: &Path,
    chain: &str,
    time_left: Duration,
) -> Result<Secret, Error> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::misconfigured("the `command` of a secret input is empty")
            .with_hint("write the absolute path of a program as its first element"));
    };
    let executable = Executable::new("command", program, PathBuf::from(program), String::new());
    let invocation = Invocation::new(executable, arguments.to_vec(), folder.to_owned());
    let output = invocation.run(None, chain, time_left).await?;
    output::secret(output.stdout()).map_err(|error| output.unreadable(&error))
}

/// A source that runs a program.
#[derive(Debug)]
struct Script {
    settings: Settings,
}

#[async_trait]
impl Backend for Script {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        let Settings { invocation, format, stdin } = &self.settings;
        let stdin = match stdin {
            Some(input) => Some(attempt.resolve(input).await?),
            None => None,
        };
        // A lifetime counts from when the answer was made, so from no earlier than this.
        let now = attempt.now();
        let output = invocation.run(stdin, attempt.chain(), attempt.time_left()).await?;
        format.read(output.stdout(), now).map_err(|error| output.unreadable(&error))
    }
}

#[cfg(all(test, unix))]
mod tests;
