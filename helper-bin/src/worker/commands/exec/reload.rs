//! A program that is run anew when its key changes.

use std::io;
use std::process::ExitStatus;

use api_key_helper_core::Error;

use super::keys::{Current, Keys};
use super::program::{NotRun, Program};
use super::relay::Relay;
use super::running::Running;
use crate::report::Reporter;

/// Runs the program with the key of `held`, and anew with each key that replaces it, until it ends by
/// itself.
///
/// # Errors
/// When it does not run.
pub(super) async fn run(
    keys: &Keys<'_>,
    program: &Program<'_>,
    reporter: &Reporter,
    mut relay: Relay,
    mut held: Current,
) -> Result<ExitStatus, NotRun> {
    loop {
        reporter.warn(&held.warnings);
        let command = program.command(&held.key);
        let mut running = Running::start(command).map_err(|error| program.not_run(&error))?;
        let newer = tokio::select! {
            biased;
            status = running.ended(&mut relay) => return status.map_err(|error| lost(&error)),
            newer = keys.newer(&held, |error| complain(reporter, error)) => newer,
        };
        let last = running.replaced(&mut relay).await.map_err(|error| lost(&error))?;
        if let Some(status) = last {
            return Ok(status);
        }
        held = newer;
    }
}

fn complain(reporter: &Reporter, error: &Error) {
    reporter.warn(&[format!("the program goes on with the key that it has: {error}")]);
}

/// The system does not let us look after a program.
pub(super) fn lost(error: &io::Error) -> NotRun {
    Error::transient(format!("cannot look after the program: {error}"))
        .with_hint("run the command again")
        .into()
}
