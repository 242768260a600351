//! `doctor`: tests every step from the sources to Claude Code, and reports what fails.
//!
//! Each area gathers facts, judges them, and returns findings. This module orders them and shows
//! each as soon as it is known. A failed check skips only the checks that depend on it.

mod client;
mod client_environment;
mod clock;
mod configuration;
mod file_system;
mod finding;
mod history;
mod line;
mod other_clients;
mod programs;
mod rehearsal;
mod sealing;
mod show;
mod sources;
mod state;
mod ttl;

use std::process::ExitCode;

use api_key_helper_system::{Places, StateFolder};
use api_key_helper_values::Error;

use self::client::Client;
use self::finding::{Check, Finding};
use self::programs::Programs;
use self::show::Sheet;
use self::sources::SourceTrial;
use crate::cli::{Call, Doctor};
use crate::environment::Environment;
use crate::report::Reporter;
use crate::session::{self, Session, now, places};

/// Runs all checks. The exit code is 1 if one of them found an error.
pub(crate) async fn run(
    call: &Call,
    doctor: &Doctor,
    environment: Environment,
    reporter: &Reporter,
) -> ExitCode {
    let sheet = Sheet::new(doctor.json, &environment);
    match examine(call, environment, doctor.trust_folder, sheet).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => reporter.failed(&error),
    }
}

/// Returns whether no check found an error.
async fn examine(
    call: &Call,
    environment: Environment,
    trusts_folder: bool,
    mut sheet: Sheet,
) -> Result<bool, Error> {
    let programs = Programs::find();
    sheet.add(programs.check().await)?;
    let session = match places(call, &environment) {
        Ok(places) => examine_files(call, &environment, &places, &mut sheet).await?,
        Err(error) => {
            sheet.add([Finding::of(Check::ConfigurationFile, &error)])?;
            None
        }
    };
    let asked = match &session {
        Some(session) => examine_sources(session, &mut sheet).await?,
        None => Vec::new(),
    };
    let client = Client { environment: &environment, programs: &programs, trusts_folder };
    client.examine(session.as_ref(), &asked, &mut sheet).await?;
    sheet.add(other_clients::check(&environment, &programs))?;
    sheet.end()
}

/// Checks files and settings. Returns a session if the profile can be used.
async fn examine_files(
    call: &Call,
    environment: &Environment,
    places: &Places,
    sheet: &mut Sheet,
) -> Result<Option<Session>, Error> {
    let (findings, mut known) = configuration::files(call, places);
    sheet.add(findings)?;
    let folder = StateFolder::new(places.state.clone());
    let (findings, refusal) = state::folder(&folder);
    sheet.add(findings)?;
    known.extend(refusal);
    let opened = match session::files(call, places) {
        Ok(files) => Session::with_files(call, environment.clone(), places.clone(), files).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(session) => {
            sheet.add(configuration::settings(&session))?;
            sheet.add(state::entries(&session))?;
            sheet.add(sealing::check(&session))?;
            Ok(Some(session))
        }
        Err(error) => {
            // Errors of a file or of the folder were reported above.
            if !known.contains(&error) {
                sheet.add([Finding::of(Check::ConfigurationSettings, &error)])?;
            }
            let text = "no source was asked: see the errors above";
            let hint = "fix that, and run `api-key-helper doctor` again";
            sheet.add([Finding::warning(Check::SourceAnswers, text, hint)])?;
            Ok(None)
        }
    }
}

/// Checks the sources. The log is read first, because fetching adds to it.
async fn examine_sources(session: &Session, sheet: &mut Sheet) -> Result<Vec<SourceTrial>, Error> {
    let log = history::read(&session.folder);
    let asked = sources::ask(session, sheet).await;
    sheet.add(history::judge(&log, &session.all_sources(), &asked, now(&session.clock)))?;
    sheet.add(sources::judge(&asked, &session.profile, now(&session.clock)))?;
    sheet.add(clock::check(session, &asked).await)?;
    Ok(asked)
}
