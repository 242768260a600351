//! Claude Code's environment variables: how long it uses a key, and whether it runs us.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

/// How long Claude Code goes on using a key, in milliseconds; it is the client's own setting.
pub const CLIENT_TTL_VARIABLE: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";
/// What Claude Code's setting is when it is not set.
pub const CLIENT_TTL_DEFAULT: Duration = Duration::from_secs(300);
/// Names the client: its last part is the client's process id, and `.sock`.
pub(crate) const SOCKET_VARIABLE: &str = "CLAUDE_CODE_MESSAGING_SOCKET";

/// Returns whether Claude Code runs us as its helper; `variable` reads the environment.
///
/// It sets the first variable for all that it starts, and the second for the programs that its agent
/// and its hooks run, with its process in `CLAUDE_PID`. A client among those programs hands all of them down to
/// its own helper, but names the socket after its own process (observed with 2.1.332).
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
