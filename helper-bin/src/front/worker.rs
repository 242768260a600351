//! The way to the worker.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use api_key_helper_core::{Error, Moment};

use crate::request::Request;

const WORKER: &str = "api-key-helper-worker";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Becomes the worker, with arguments, environment and streams as they are; returns only when that
/// fails.
///
/// The worker is told when the call began, for it is this program's caller that asked then; and the
/// profile that the link is called after by which it was called.
pub(crate) fn become_it(
    arguments: &[OsString],
    linked_profile: Option<&OsStr>,
    asked_at: Moment,
) -> Error {
    let candidates = match candidates() {
        Ok(candidates) => candidates,
        Err(error) => {
            return Error::misconfigured(format!("cannot tell where this program is: {error}"))
                .with_hint("mount `/proc`, or start it by its path");
        }
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
/// that it outlives the caller's process group. It begins there, and does not only go there: who has
/// the answer may end that group at once.
pub(crate) fn refresh_behind(request: &Request<'_>) -> io::Result<()> {
    let Some(worker) = candidates()?.into_iter().find(|path| path.is_file()) else { return Ok(()) };
    let mut command = command(&worker);
    command.arg("refresh");
    for (option, value) in [("--profile=", request.profile), ("--config=", request.config)] {
        if let Some(value) = value {
            // One word: the value may look like an option itself.
            let mut option = OsString::from(option);
            option.push(value);
            command.arg(option);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    detach(&mut command);
    command.spawn().map(drop)
}

/// The worker says so when it is not of this version, for an upgrade replaces both.
fn command(worker: &Path) -> Command {
    let mut command = Command::new(worker);
    command.arg(format!("--front-version={VERSION}"));
    command
}

/// Beside the front's own real file, or where a distribution puts programs that are not for
/// people. Neither PATH nor `argv[0]` decides: both are the caller's.
fn candidates() -> io::Result<[PathBuf; 2]> {
    let front = std::env::current_exe()?.canonicalize()?;
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

#[cfg(unix)]
fn replace_process(command: &mut Command) -> io::Error {
    use std::os::unix::process::CommandExt as _;

    command.exec()
}

/// Windows cannot replace a process: the worker runs as a child, and its exit code is passed on. Not
/// tried.
#[cfg(not(unix))]
fn replace_process(command: &mut Command) -> io::Error {
    match command.status() {
        #[expect(clippy::disallowed_methods, reason = "stands for becoming the worker")]
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no other way to start a session")]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    // SAFETY: between fork and exec only what is async-signal-safe may run (POSIX, fork). setsid is
    // (POSIX.1-2024, 2.4.3 Signal Actions); rustix makes it a bare system call, allocates nothing
    // and takes no lock.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            Ok(())
        });
    }
}

/// DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP. Not tried.
#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;

    command.creation_flags(0x0000_0008 | 0x0000_0200);
}
