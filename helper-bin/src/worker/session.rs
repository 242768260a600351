//! What every command starts from: places, configuration, and the profile that is meant.

mod asking;
mod plan;
mod sealing;
mod sign_in;
mod sources;

use std::path::PathBuf;

use api_key_helper_core::config::{Configuration, FormatName, Profile};
use api_key_helper_core::engine::{Clock as _, Source};
use api_key_helper_core::{Error, Moment, Places, ReadError, StateFolder, trust};

use self::sealing::find_seal;
use crate::cli::{Call as CommandLine, Command};
use crate::configured::{Configured, Files, Mistake};
use crate::environment::Environment;
use crate::nowhere::Nowhere;
use crate::seal::{Homes, InUse};
use crate::world::MachineClock;

/// What one run of the worker works with.
pub(crate) struct Session {
    pub(crate) environment: Environment,
    pub(crate) clock: MachineClock,
    pub(crate) places: Places,
    pub(crate) folder: StateFolder,
    /// The configuration files that are there.
    pub(crate) config_paths: Vec<PathBuf>,
    pub(crate) configuration: Configuration,
    pub(crate) profile: Profile,
    /// The form in which the key is wanted.
    pub(crate) format: FormatName,
    pub(crate) sources: Vec<Source>,
    /// Where the sealing key can be.
    pub(crate) homes: Homes,
    /// The sealing keys, or what is used where none can be made.
    pub(crate) seal: Result<InUse, Nowhere>,
    /// What a person should know, and is no error.
    pub(crate) warnings: Vec<String>,
    /// What is questionable about the sources' settings: for `status`, and not for each call.
    pub(crate) cautions: Vec<String>,
    /// The name of the plan's file.
    pub(crate) plan_file: String,
    /// The options by which another command means the same configuration and profile.
    options: String,
    /// Whether the state folder can be used.
    has_state: bool,
}

impl Session {
    /// Reads the configuration, and builds the sources of the profile that is meant.
    ///
    /// # Errors
    /// Misconfigured.
    pub(crate) async fn open(call: &CommandLine, environment: Environment) -> Result<Self, Error> {
        let (session, mistakes) = Self::open_partly(call, environment).await?;
        mistakes.into_iter().next().map_or(Ok(session), |(_, error)| Err(error))
    }

    /// The same without the sources whose settings are wrong: their names stand beside it, with what
    /// is wrong.
    ///
    /// # Errors
    /// Misconfigured, where there is no profile.
    pub(crate) async fn open_partly(
        call: &CommandLine,
        environment: Environment,
    ) -> Result<(Self, Vec<Mistake>), Error> {
        let places = places(call, &environment)?;
        let files = Files::read(&places)?;
        if files.all().next().is_none() {
            return Err(no_configuration(call, &places));
        }
        Self::partly_of(call, environment, places, files).await
    }

    /// The same of `files`, whether or not they are on the disk.
    ///
    /// # Errors
    /// Misconfigured.
    pub(crate) async fn of(
        call: &CommandLine,
        environment: Environment,
        places: Places,
        files: Files,
    ) -> Result<Self, Error> {
        let (session, mistakes) = Self::partly_of(call, environment, places, files).await?;
        mistakes.into_iter().next().map_or(Ok(session), |(_, error)| Err(error))
    }

    async fn partly_of(
        call: &CommandLine,
        environment: Environment,
        places: Places,
        files: Files,
    ) -> Result<(Self, Vec<Mistake>), Error> {
        let clock = MachineClock::start();
        let plan_file = plan::file(call, &environment, &files);
        let config_paths = files.all().map(|file| file.path.clone()).collect();
        let (configured, mistakes) = Configured::partly_of(call, &environment, files)?;
        let Configured { configuration, profile, sources, cautions } = configured;
        let format = format(call, &configuration, &profile)?;
        let folder = StateFolder::new(places.state.clone());
        let mut warnings = Vec::new();
        let has_state = match folder.prepare() {
            Ok(()) => true,
            Err(ReadError::Refused(error)) => return Err(error),
            Err(ReadError::Io(error)) => {
                let path = folder.path().display();
                warnings.push(format!("nothing is cached: the state folder `{path}`: {error}"));
                false
            }
        };
        let homes = Homes::new(configuration.seal()?, &places, &environment, clock);
        if matches!(call.command, Command::Seal(_)) {
            homes.ask_again();
        }
        let seal = find_seal(&homes).await?;
        // Without a state folder, that is what there is to say.
        if let Err(nowhere) = &seal
            && has_state
        {
            warnings.push(format!("nothing is cached: {}", nowhere.reason));
        }
        let mut session = Self {
            environment,
            clock,
            places,
            folder,
            config_paths,
            configuration,
            profile,
            format,
            sources,
            homes,
            seal,
            warnings,
            cautions,
            plan_file,
            options: call.options(),
            has_state,
        };
        session.open_what_was_moved().await;
        Ok((session, mistakes))
    }
}

/// Where this call's files are.
///
/// # Errors
/// Misconfigured.
pub(crate) fn places(call: &CommandLine, environment: &Environment) -> Result<Places, Error> {
    let config = call.config.as_ref().map(|path| path.as_os_str());
    Places::find(config, &|name| environment.variable(name))
}

/// There is no configuration at all.
pub(crate) fn no_configuration(call: &CommandLine, places: &Places) -> Error {
    let path = trust::quote(&places.user_config);
    let option = call.config.as_ref().map_or_else(String::new, |_| format!(" --config {path}"));
    Error::misconfigured(format!("there is no configuration at `{path}`"))
        .with_hint(format!("run `api-key-helper{option} init`"))
}

/// What the command line says, else the profile.
fn format(
    call: &CommandLine,
    configuration: &Configuration,
    profile: &Profile,
) -> Result<FormatName, Error> {
    let own = profile.format.name;
    let Some(format) = call.format.filter(|format| *format != own) else { return Ok(own) };
    configuration.check_unlocked(&["profile", &profile.name, "format"], "`--format`")?;
    Ok(format)
}

/// The time, for what is not a call.
pub(crate) fn now(clock: &MachineClock) -> Moment {
    clock.now()
}
