//! Claude Code's environment variables and settings files: how long it uses a key, whether it runs
//! us, and when it drops its key by itself.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{HOME_VARIABLE, Moment};

/// How long Claude Code goes on using a key, in milliseconds; it is the client's own setting.
pub const CLIENT_TTL_VARIABLE: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";
/// What Claude Code's setting is when it is not set.
pub const CLIENT_TTL_DEFAULT: Duration = Duration::from_secs(300);
/// Names the client: its last part is the client's process id, and `.sock`.
pub(crate) const SOCKET_VARIABLE: &str = "CLAUDE_CODE_MESSAGING_SOCKET";

/// Returns whether Claude Code runs us as its helper; `variable` reads the environment.
///
/// It sets the first variable for all that it starts, and the second for the programs that its
/// agent and its hooks run, with its process in `CLAUDE_PID`. A client among those programs hands
/// all of them down to its own helper, but names the socket after its own process (observed with
/// 2.1.332).
pub(crate) fn is_claude_code(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("CLAUDE_CODE_ENTRYPOINT").is_some()
        && (variable("CLAUDE_CODE_CHILD_SESSION").is_none() || {
            let outer = variable("CLAUDE_PID").and_then(|id| id.to_str()?.parse().ok());
            let asking = variable(SOCKET_VARIABLE).and_then(|socket| process_of(&socket));
            outer.zip(asking).is_some_and(|(outer, asking): (u32, u32)| outer != asking)
        })
}

/// The process that a socket of the client's is named after.
pub(crate) fn process_of(socket: &OsStr) -> Option<u32> {
    Path::new(socket).file_stem()?.to_str()?.parse().ok()
}

/// When the last of the settings files was written that a client watches which was started in this
/// folder with these variables; `None` where there are none.
///
/// Whenever one of its settings files is written, whatever was changed, Claude Code drops its key
/// and asks again before its next request (observed with 2.1.330; "don't ask again" writes such a
/// file). Nothing in our environment tells that from an ask after a refusal: the files' times do.
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
