//! The worker: joins the backends compiled in, refreshes, and speaks to people.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod answering;
mod backends;
mod cli;
mod colours;
mod commands;
mod config_file;
mod configured;
mod environment;
mod front;
mod inherited;
mod inputs;
mod journal;
mod nowhere;
#[path = "../own_failure.rs"]
mod own_failure;
mod panics;
#[cfg(unix)]
mod posix;
mod qr_code;
mod questions;
mod refusal;
mod report;
mod seal;
mod session;
mod settings;
mod signals;
mod stdin;
mod successor;
mod terminal;
mod watchdog;
mod web_browser;
mod world;
mod written;

use std::process::ExitCode;

use api_key_helper_core::config::FormatName;
use api_key_helper_core::{close_memory, forbid_core_images, keep_files_private};

use crate::cli::{Call, Command, Parsed};
use crate::environment::Environment;
use crate::inherited::Inherited;
use crate::report::Reporter;

fn main() -> ExitCode {
    let inherited = Inherited::read();
    close_memory();
    forbid_core_images();
    panics::report();
    let reporter = Reporter;
    let call = match cli::parse(std::env::args_os().skip(1).collect()) {
        Ok(Parsed::Call(call)) => call,
        Ok(Parsed::Answered) => return ExitCode::SUCCESS,
        Err(error) => return reporter.failed(&error),
    };
    // What `apply` writes may be for others too, as the caller's umask says.
    if !matches!(call.command, Command::Apply(_)) {
        keep_files_private();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return reporter.failed(&report::no_runtime(&error)),
    };
    // `exec` has a program to pass them on to.
    let takes_signals = matches!(call.command, Command::Exec(_));
    let code = runtime.block_on(async {
        tokio::select! {
            biased;
            signal = signals::ended(), if !takes_signals => signals::exit_code(signal),
            code = run(call, &inherited, &reporter) => code,
        }
    });
    // Whatever still runs in the background is not waited for.
    runtime.shutdown_background();
    code
}

async fn run(call: Call, inherited: &Inherited, reporter: &Reporter) -> ExitCode {
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
        // Git's key is ours to keep.
        Command::Store => stdin::lines().await.map(drop),
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
        Command::Completions(completions) => commands::completions::run(completions),
        Command::Man(man) => commands::man::run(man),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => reporter.failed(&error),
    }
}
