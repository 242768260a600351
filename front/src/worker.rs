//! Starts the worker.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use api_key_helper_system::own_program;
use api_key_helper_values::{Error, Moment};

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
use self::unix as platform;
#[cfg(windows)]
use self::windows as platform;
use crate::request::Request;
use platform::{replace_process, start_apart};

const WORKER: &str = "api-key-helper-worker";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Becomes the worker, with the same arguments, environment and streams; returns only on failure.
///
/// The worker gets the moment at which the call began, since its deadline counts from there, and
/// the profile in the name of the link.
pub(crate) fn become_it(
    program: &OsStr,
    arguments: &[OsString],
    linked_profile: Option<&OsStr>,
    asked_at: Moment,
) -> Error {
    let candidates = match candidates(program) {
        Ok(candidates) => candidates,
        Err(error) => return error,
    };
    let Some(worker) = candidates.iter().find(|path| path.is_file()) else {
        return missing(&candidates);
    };
    let asked_at = format!("--asked-at={}", asked_at.unix_millis());
    let mut command = command(worker);
    command.arg(asked_at);
    if let Some(profile) = linked_profile {
        let mut linked = OsString::from("--linked-profile=");
        linked.push(profile);
        command.arg(linked);
    }
    let error = replace_process(command.args(arguments));
    Error::misconfigured(format!("cannot start `{}`: {error}", worker.display()))
        .with_hint("reinstall api-key-helper, with both of its programs")
}

/// Starts a worker that refreshes the key after this call has answered. It starts in a session of
/// its own, and does not switch later: a caller that has its answer may kill the process group at
/// once.
pub(crate) fn refresh_behind(program: &OsStr, request: &Request<'_>) -> io::Result<()> {
    let candidates = candidates(program).map_err(io::Error::other)?;
    let Some(worker) = candidates.into_iter().find(|path| path.is_file()) else { return Ok(()) };
    let mut arguments = vec![front_version().into(), OsString::from("refresh")];
    for (option, value) in [("--profile=", request.profile), ("--config=", request.config)] {
        if let Some(value) = value {
            // One word, because the value may look like an option.
            let mut option = OsString::from(option);
            option.push(value);
            arguments.push(option);
        }
    }
    start_apart(&worker, &arguments)
}

/// The worker reports a version mismatch, because an upgrade replaces both programs.
fn command(worker: &Path) -> Command {
    let mut command = Command::new(worker);
    command.arg(front_version());
    command
}

fn front_version() -> String {
    format!("--front-version={VERSION}")
}

/// Returns the folder of the front's real file, and the folder in which distributions put internal
/// programs. `PATH` is not used: the caller controls it.
fn candidates(program: &OsStr) -> Result<[PathBuf; 2], Error> {
    let front = own_program(program)?;
    let folder = front.parent().unwrap_or_else(|| Path::new("/"));
    let worker = format!("{WORKER}{}", std::env::consts::EXE_SUFFIX);
    let libexec = folder.parent().unwrap_or(folder).join("libexec").join("api-key-helper");
    Ok([folder.join(&worker), libexec.join(worker)])
}

fn missing([beside, libexec]: &[PathBuf; 2]) -> Error {
    Error::misconfigured(format!(
        "cannot find the worker: neither `{}` nor `{}` exists",
        beside.display(),
        libexec.display()
    ))
    .with_hint("reinstall api-key-helper, with both of its programs")
}
