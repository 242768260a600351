//! Claude Code's environment variables and settings files: its TTL, its processes, and the events
//! at which it drops its key.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{HOME_VARIABLE, Moment};

/// The client's own setting: the milliseconds for which Claude Code uses a key.
pub const CLIENT_TTL_VARIABLE: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";
/// Claude Code's default for that setting.
pub const CLIENT_TTL_DEFAULT: Duration = Duration::from_secs(300);
/// The variable with the client's socket. The file's name is the client's process id and `.sock`.
pub(crate) const SOCKET_VARIABLE: &str = "CLAUDE_CODE_MESSAGING_SOCKET";

/// Returns whether Claude Code runs us as its helper; `variable` reads the environment.
///
/// Claude Code sets the first variable for every program that it starts. It sets the second for the
/// programs of its agent and its hooks, with its own process in `CLAUDE_PID`. A client among those
/// programs passes all of them on to its own helper, but names the socket after its own process
/// (observed with 2.1.332).
pub(crate) fn is_claude_code(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("CLAUDE_CODE_ENTRYPOINT").is_some()
        && (variable("CLAUDE_CODE_CHILD_SESSION").is_none() || {
            let outer = variable("CLAUDE_PID").and_then(|id| id.to_str()?.parse().ok());
            let asking = variable(SOCKET_VARIABLE).and_then(|socket| process_of(&socket));
            outer.zip(asking).is_some_and(|(outer, asking): (u32, u32)| outer != asking)
        })
}

/// The process that the client's socket is named after.
pub(crate) fn process_of(socket: &OsStr) -> Option<u32> {
    Path::new(socket).file_stem()?.to_str()?.parse().ok()
}

/// The latest modification of the settings files that a client in this folder with these variables
/// watches; `None` if there are none.
///
/// Claude Code drops its key after any write to one of these files, and asks again before its next
/// request (observed with 2.1.330; "don't ask again" writes such a file). Our environment does not
/// distinguish that from a call after a refusal, but the files' times do.
pub(crate) fn settings_written_at(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Moment> {
    let user = variable("CLAUDE_CONFIG_DIR")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| variable(HOME_VARIABLE).map(|home| Path::new(&home).join(".claude")))
        .map(|folder| folder.join("settings.json"));
    let others =
        ["settings.json", "settings.local.json"].map(|name| Path::new(".claude").join(name));
    let managed = ["managed-settings.json", "managed-settings.d"]
        .map(|name| Path::new(MANAGED_FOLDER).join(name));
    let files = user.into_iter().chain(others).chain(managed);
    files.filter_map(|file| Some(fs::metadata(file).ok()?.modified().ok()?.into())).max()
}

#[cfg(not(any(windows, target_os = "macos")))]
const MANAGED_FOLDER: &str = "/etc/claude-code";
#[cfg(target_os = "macos")]
const MANAGED_FOLDER: &str = "/Library/Application Support/ClaudeCode";
#[cfg(windows)]
const MANAGED_FOLDER: &str = r"C:\Program Files\ClaudeCode";
