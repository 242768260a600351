//! `exec`: runs a program with the key in its environment, and nowhere else.

mod keys;
mod program;
#[cfg(unix)]
mod relay;
#[cfg(unix)]
mod reload;
#[cfg(unix)]
mod running;

use std::process::ExitCode;

use self::keys::Keys;
use self::program::{NotRun, Program};
use crate::cli::{Call, Exec};
use crate::environment::Environment;
use crate::inherited::Inherited;
use crate::report::Reporter;
use crate::{signals, watchdog};

/// Becomes the program, or stays beside it where it is to be run anew with each key. The exit code is
/// the program's, unless it did not run.
pub(crate) async fn run(
    call: &Call,
    exec: &Exec,
    environment: &Environment,
    inherited: &Inherited,
    reporter: &Reporter,
) -> ExitCode {
    let keys = Keys { call, environment };
    let program = Program { words: &exec.command, variables: &exec.env, inherited };
    let ended = async {
        if exec.reload {
            reload(&keys, &program, reporter).await
        } else {
            once(&keys, &program, reporter).await
        }
    };
    ended.await.unwrap_or_else(|NotRun { error, code }| {
        reporter.failed(&error);
        ExitCode::from(code)
    })
}

async fn once(
    keys: &Keys<'_>,
    program: &Program<'_>,
    reporter: &Reporter,
) -> Result<ExitCode, NotRun> {
    let current = tokio::select! {
        biased;
        signal = signals::ended() => return Ok(signals::exit_code(signal)),
        current = keys.current(watchdog::start) => current?,
    };
    reporter.warn(&current.warnings);
    program.become_it(&current.key)
}

#[cfg(unix)]
async fn reload(
    keys: &Keys<'_>,
    program: &Program<'_>,
    reporter: &Reporter,
) -> Result<ExitCode, NotRun> {
    // From here on, so that no signal is lost between the key and the program.
    let mut relay = relay::Relay::begin().map_err(|error| reload::lost(&error))?;
    // Nothing here outlives its deadline but the program, which has none.
    let no_watchdog = |_| {};
    let first = tokio::select! {
        biased;
        signal = relay.ended() => return Ok(signals::exit_code(signal)),
        first = keys.current(no_watchdog) => first?,
    };
    let status = reload::run(keys, program, reporter, relay, first).await?;
    Ok(running::pass_on(status))
}

/// There are no signals to pass on, and no way to ask a program to end.
#[cfg(not(unix))]
async fn reload(_: &Keys<'_>, _: &Program<'_>, _: &Reporter) -> Result<ExitCode, NotRun> {
    Err(api_key_helper_core::Error::misconfigured("`--reload` is not there on this system")
        .with_hint("leave `--reload` out, and start the program anew by hand")
        .into())
}
