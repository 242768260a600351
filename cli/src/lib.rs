//! The worker: runs every command, with the backends compiled in.
//!
//! A program becomes it by a `main` that hands over its backends:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     api_key_helper_cli::run(&[api_key_helper_script::REGISTRATION])
//! }
//! ```

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod answering;
mod backends;
mod cli;
mod commands;
mod environment;
mod front;
mod inputs;
mod journal;
mod process;
mod readable;
mod report;
mod seal;
mod session;
mod settings;
mod stdin;
mod terminal;
mod world;

use std::process::ExitCode;
use std::time::Duration;

pub use api_key_helper_backend::Registration;
use api_key_helper_config::DEADLINE;
use api_key_helper_formats::FormatName;
use api_key_helper_system::{close_memory, forbid_core_images, keep_files_private};

use crate::backends::Backends;
use crate::cli::{Call, Command, Parsed};
use crate::environment::Environment;
use crate::process::inherited::Inherited;
use crate::report::Reporter;

/// Runs this process's command line with these backends. `init` offers the first by default.
#[must_use]
pub fn run(backends: &'static [Registration]) -> ExitCode {
    run_without(backends, &[])
}

/// Runs this process's command line, as [`run`] does. Each of `left_out` names a Cargo feature: the
/// backend of that name is known, but not compiled in.
#[must_use]
pub fn run_without(
    backends: &'static [Registration],
    left_out: &'static [&'static str],
) -> ExitCode {
    let backends = Backends::new(backends, left_out);
    let inherited = Inherited::read();
    close_memory();
    forbid_core_images();
    #[cfg(unix)]
    process::posix::report_files_beyond_their_limit();
    #[cfg(windows)]
    api_key_helper_system::windows::keep_streams();
    process::panics::report();
    let reporter = Reporter;
    let call = match cli::parse(std::env::args_os().skip(1).collect(), backends) {
        Ok(Parsed::Call(call)) => call,
        Ok(Parsed::Answered) => return ExitCode::SUCCESS,
        Err(error) => return reporter.failed(&error),
    };
    // Files that `apply` writes may be readable by others, as the caller's umask says.
    if !matches!(call.command, Command::Apply(_)) {
        keep_files_private();
    }
    // It outlives the caller, which may wait for the end of a pipe or for a lock.
    #[cfg(unix)]
    if matches!(call.command, Command::Refresh(_)) {
        process::posix::close_inherited();
    }
    // Threads that read files are not kept: hardly any call reads another file.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(Duration::from_millis(1))
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return reporter.failed(&report::no_runtime(&error)),
    };
    let code = runtime.block_on(async {
        tokio::select! {
            biased;
            signal = process::signals::ended() => process::signals::exit_code(signal),
            code = obey(call, &inherited, &reporter) => code,
        }
    });
    // Background tasks are not awaited.
    runtime.shutdown_background();
    code
}

async fn obey(call: Call, inherited: &Inherited, reporter: &Reporter) -> ExitCode {
    let environment = Environment::read();
    let result = match &call.command {
        Command::Doctor(doctor) => {
            return commands::doctor::run(&call, doctor, environment, reporter).await;
        }
        Command::Erase => commands::erase::run(&call, environment).await,
        Command::Exec(exec) => {
            return commands::exec::run(&call, exec, &environment, inherited, reporter).await;
        }
        Command::Get(_) if call.format == Some(FormatName::Cargo) => {
            commands::cargo::run(&call, environment, reporter).await
        }
        Command::Get(get) => commands::get::run(&call, get, environment, reporter).await,
        Command::Refresh(refresh) => {
            commands::refresh::run(&call, refresh, environment, reporter).await
        }
        Command::Seal(seal) => commands::seal::run(&call, seal, environment, reporter).await,
        // The cache keeps the key, so git need not. Without a configuration, the default deadline
        // applies.
        Command::Store => stdin::lines(DEADLINE).await.map(drop),
        Command::Status(status) => {
            commands::status::run(&call, status, environment, reporter).await
        }
        Command::Init(init) => commands::init::run(&call, init, environment, reporter).await,
        Command::Login(login) => commands::login::run(&call, login, environment, reporter).await,
        Command::Logout(logout) => {
            commands::logout::run(&call, logout, environment, reporter).await
        }
        Command::Apply(apply) => commands::apply::run(&call, apply, &environment, reporter).await,
        Command::Log(log) => commands::log::run(&call, log, &environment),
        Command::Completions(completions) => commands::completions::run(&call, completions),
        Command::Man(man) => commands::man::run(&call, man),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => reporter.failed(&call.advise(error)),
    }
}
