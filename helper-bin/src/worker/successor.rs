//! A worker that works behind this one's answer.

use std::io;
use std::process::{Command, Stdio};

use crate::cli::{Call, FRONT_VERSION, VERSION};

/// Starts a worker that refreshes what is due, in a process group of its own. The front starts its
/// own in a new session; this one is for calls that the front does not understand, and only rare.
pub(crate) fn refresh_behind(call: &Call) {
    // The caller has its key: whatever goes wrong now shows when the key is no longer due.
    let _ = start(call);
}

fn start(call: &Call) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(format!("{FRONT_VERSION}{VERSION}")).arg("refresh");
    if let Some(profile) = &call.profile {
        command.arg("--profile").arg(profile);
    }
    if let Some(config) = &call.config {
        command.arg("--config").arg(config);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map(drop)
}
