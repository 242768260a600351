//! The way to the worker.

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

/// Becomes the worker, with arguments, environment and streams as they are; returns only when that
/// fails.
///
/// The worker is told when the call began, for it is this program's caller that asked then; and the
/// profile that the link is called after by which it was called.
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
        .with_hint("install api-key-helper anew, both of its programs")
}

/// Starts a worker that refreshes behind an answer that has been given, in a session of its own so
/// that it outlives the caller's process group. It begins there, and does not only go there: who
/// has the answer may end that group at once.
pub(crate) fn refresh_behind(program: &OsStr, request: &Request<'_>) -> io::Result<()> {
    let candidates = candidates(program).map_err(io::Error::other)?;
    let Some(worker) = candidates.into_iter().find(|path| path.is_file()) else { return Ok(()) };
    let mut arguments = vec![front_version().into(), OsString::from("refresh")];
    for (option, value) in [("--profile=", request.profile), ("--config=", request.config)] {
        if let Some(value) = value {
            // One word: the value may look like an option itself.
            let mut option = OsString::from(option);
            option.push(value);
            arguments.push(option);
        }
    }
    start_apart(&worker, &arguments)
}

/// The worker says so when it is not of this version, for an upgrade replaces both.
fn command(worker: &Path) -> Command {
    let mut command = Command::new(worker);
    command.arg(front_version());
    command
}

fn front_version() -> String {
    format!("--front-version={VERSION}")
}

/// Beside the front's own real file, or where a distribution puts programs that are not for
/// people. `PATH` does not decide: it is the caller's.
fn candidates(program: &OsStr) -> Result<[PathBuf; 2], Error> {
    let front = own_program(program)?;
    let folder = front.parent().unwrap_or_else(|| Path::new("/"));
    let worker = format!("{WORKER}{}", std::env::consts::EXE_SUFFIX);
    let libexec = folder.parent().unwrap_or(folder).join("libexec").join("api-key-helper");
    Ok([folder.join(&worker), libexec.join(worker)])
}

fn missing([beside, libexec]: &[PathBuf; 2]) -> Error {
    Error::misconfigured(format!(
        "the worker is missing: neither `{}` nor `{}` is there",
        beside.display(),
        libexec.display()
    ))
    .with_hint("install api-key-helper anew, both of its programs")
}
