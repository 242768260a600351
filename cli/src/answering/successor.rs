//! A worker that works behind this one.

use std::ffi::OsString;
use std::io;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_cache::KeyId;
use api_key_helper_core::Clock as _;

use crate::cli::{Call, FRONT_VERSION, VERSION};
use crate::front;
use crate::session::Session;

/// Starts a worker that refreshes what is due.
pub(crate) fn refresh_behind(call: &Call) {
    // The caller has its key: whatever goes wrong now shows when the key is no longer due.
    let _ = start(call, None);
}

/// Lets a worker of its own ask for a key that meets `demand`, where there is none yet, and waits
/// until that has ended, or for as long as the client waits.
///
/// Nothing that the client does to this process ends the other one, which has all the time that the
/// profile gives. So a renewal that a server replaces is kept, and a source that is slower than the
/// client is patient has answered by the next call.
pub(crate) async fn ask_behind(session: &Session, call: &Call, demand: Demand, deadline: Duration) {
    let refused = match demand {
        Demand::Another(key) => Some(key),
        Demand::Printable if matches!(session.has_answer().await, Ok(false)) => None,
        // Who asks for a new key by hand is no client. And what cannot be read is said later.
        _ => return,
    };
    // Where it cannot be started, this process asks by itself.
    let Ok(mut worker) = start(call, refused) else { return };
    while !has_ended(&mut worker) && session.clock.uptime() < deadline {
        session.clock.sleep(POLL).await;
    }
}

/// How often to look whether it has ended.
const POLL: Duration = Duration::from_millis(5);

fn start(call: &Call, refused: Option<KeyId>) -> io::Result<Successor> {
    let worker = front::worker().map_err(io::Error::other)?;
    let mut arguments = vec![OsString::from(format!("{FRONT_VERSION}{VERSION}"))];
    // It says how long the client goes on using a key.
    if let Some(format) = call.format {
        arguments.extend(["--format", format.name()].map(OsString::from));
    }
    arguments.push("refresh".into());
    if let Some(profile) = &call.profile {
        arguments.push(format!("--profile={profile}").into());
    }
    if let Some(config) = &call.config {
        // One word: the path may look like an option itself.
        let mut option = OsString::from("--config=");
        option.push(config);
        arguments.push(option);
    }
    if let Some(KeyId { since, .. }) = refused {
        arguments.push(format!("--instead-of={}", since.unix_millis()).into());
    }
    start_apart(&worker, &arguments)
}

#[cfg(unix)]
type Successor = std::process::Child;

/// In a process group of its own. The front starts its own in a new session; this one is for calls
/// that the front does not understand, and only rare.
#[cfg(unix)]
fn start_apart(worker: &Path, arguments: &[OsString]) -> io::Result<Successor> {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    let mut command = Command::new(worker);
    command.args(arguments).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(unix)]
fn has_ended(worker: &mut Successor) -> bool {
    !matches!(worker.try_wait(), Ok(None))
}

#[cfg(windows)]
use api_key_helper_system::windows::{Apart as Successor, start_apart};

#[cfg(windows)]
fn has_ended(worker: &mut Successor) -> bool {
    worker.has_ended()
}
