//! `exec`: runs a program with the key in its environment.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use api_key_helper_cache::Demand;
use api_key_helper_core::Outcome;
use api_key_helper_system::{advice, trust};
use api_key_helper_values::{Error, Key};

use crate::cli::{Call, Exec};
use crate::environment::Environment;
use crate::process::inherited::Inherited;
use crate::process::watchdog;
use crate::report::Reporter;
use crate::session::Session;

/// Becomes the program. The exit code is the program's, unless it did not start.
pub(crate) async fn run(
    call: &Call,
    exec: &Exec,
    environment: &Environment,
    inherited: &Inherited,
    reporter: &Reporter,
) -> ExitCode {
    let (key, warnings) = match fresh_key(call, environment).await {
        Ok(fetched) => fetched,
        Err(error) => return reporter.failed(&call.advise(error)),
    };
    reporter.warn(&warnings);
    let error = become_it(command(exec, &key, inherited));
    let (error, code) = not_run(exec, &error);
    reporter.failed(&error);
    ExitCode::from(code)
}

/// Fetches the key and its warnings within the profile's deadline.
///
/// The program keeps the key that it was started with. So a key that is due is refreshed before the
/// start, and not in the background.
async fn fresh_key(call: &Call, environment: &Environment) -> Result<(Key, Vec<String>), Error> {
    let session = Session::open(call, environment.clone()).await?;
    let deadline = session.profile.deadline;
    let _watchdog = watchdog::start(deadline);
    let Outcome { answer, mut warnings } =
        session.attend(session.get(Demand::Printable, deadline)).await;
    let mut answer = answer?;
    if answer.refresh {
        let next = session.get(Demand::Fresh, deadline).await;
        // If no source gives a newer key, this one may still be used.
        if let Ok(newer) = next.answer {
            (answer, warnings) = (newer, next.warnings);
        }
    }
    if !session.warnings.is_empty() {
        warnings = session.warnings;
    }
    Ok((answer.key, warnings))
}

/// The program with its arguments, which no shell parses. It inherits none of our files. Apart from
/// the key, its environment is the caller's.
fn command(exec: &Exec, key: &Key, inherited: &Inherited) -> Command {
    let (name, arguments) = exec.command.split_first().unwrap_or((&NO_NAME, &[]));
    let mut command = Command::new(name);
    command.args(arguments);
    for variable in &exec.env {
        command.env(variable, key.expose());
    }
    inherited.hand_to(&mut command);
    command
}

/// Replaces this process with the program, which keeps the terminal, signals and streams. Returns
/// only on failure.
#[cfg(unix)]
fn become_it(mut command: Command) -> io::Error {
    use std::os::unix::process::CommandExt as _;

    command.exec()
}

/// Windows cannot replace a process. The program runs as a child, and its exit code of 32 bits is
/// passed on.
#[cfg(windows)]
fn become_it(mut command: Command) -> io::Error {
    // Ctrl-C is for the program alone.
    api_key_helper_system::windows::leave_interrupts_to_children();
    match command.status() {
        #[expect(clippy::disallowed_methods, reason = "an `ExitCode` has 8 bits")]
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// Returns the error of a program that did not run, and its exit code, which is that of shells
/// (POSIX.1-2024, 2.8.2): 127 for a file that does not exist, 126 for one that cannot be run.
fn not_run(exec: &Exec, error: &io::Error) -> (Error, u8) {
    let path = Path::new(exec.command.first().unwrap_or(&NO_NAME));
    let name = trust::quote(path);
    if error.kind() == io::ErrorKind::NotFound {
        let error = Error::misconfigured(format!("cannot run `{name}`: it is not there"))
            .with_hint("write its absolute path, or look at `PATH`");
        return (error, 127);
    }
    let error = Error::misconfigured(format!("cannot run `{name}`: {error}"))
        .with_hint(format!("look at it with `{}`", advice::look_at(path)));
    (error, 126)
}

static NO_NAME: OsString = OsString::new();
