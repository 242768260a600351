//! Starts a worker in the background.

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
    // The caller has its key. A failure shows up when the key is no longer due.
    let _ = start(call, None);
}

/// Starts a worker that fetches a key for `demand`, if none is cached. Waits until the worker ends,
/// or for as long as the client waits.
///
/// The client may kill this process, but not the worker, which has the profile's whole deadline. So
/// a refresh token that a server rotates is saved, and a source slower than the client's limit has
/// answered by the next call.
pub(crate) async fn ask_behind(session: &Session, call: &Call, demand: Demand, deadline: Duration) {
    let refused = match demand {
        Demand::Another(key) => Some(key),
        Demand::Printable if matches!(session.has_answer().await, Ok(false)) => None,
        // A user who asks for a new key by hand is not an impatient client. Read errors are
        // reported later.
        _ => return,
    };
    // If the worker cannot be started, this process fetches by itself.
    let Ok(mut worker) = start(call, refused) else { return };
    while !has_ended(&mut worker) && session.clock.uptime() < deadline {
        session.clock.sleep(POLL).await;
    }
}

/// The interval between two checks for the worker's end.
const POLL: Duration = Duration::from_millis(5);

fn start(call: &Call, refused: Option<KeyId>) -> io::Result<Successor> {
    let worker = front::worker().map_err(io::Error::other)?;
    let mut arguments = vec![OsString::from(format!("{FRONT_VERSION}{VERSION}"))];
    // The format decides how long the client uses a key.
    if let Some(format) = call.format {
        arguments.extend(["--format", format.name()].map(OsString::from));
    }
    arguments.push("refresh".into());
    if let Some(profile) = &call.profile {
        arguments.push(format!("--profile={profile}").into());
    }
    if let Some(config) = &call.config {
        // One argument, because the path may look like an option itself.
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

/// Starts the worker in a process group of its own. The front starts its worker in a new session.
/// This function is only for calls that the front does not understand, which are rare.
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
