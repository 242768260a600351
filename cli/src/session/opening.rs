//! Opens a session: reads the configuration, builds the sources, and obtains the sealing key.

use api_key_helper_config::{Configuration, Profile};
use api_key_helper_formats::FormatName;
use api_key_helper_system::{Places, ReadError, StateFolder, trust};
use api_key_helper_values::Error;

use super::Session;
use super::configured::{Configured, Files, accept_no};
use super::plan;
use super::sealing::find_seal;
use crate::cli::{Call as CommandLine, Command};
use crate::environment::Environment;
use crate::seal::Homes;
use crate::world::MachineClock;

impl Session {
    /// Reads the configuration, and builds all sources of the selected profile.
    pub(crate) async fn open(call: &CommandLine, environment: Environment) -> Result<Self, Error> {
        let places = places(call, &environment)?;
        let files = files(call, &places)?;
        Self::with_files(call, environment, places, files).await?.complete()
    }

    /// Builds the sources from `files`, which need not be on the disk. Sources with invalid
    /// settings become mistakes.
    pub(crate) async fn with_files(
        call: &CommandLine,
        environment: Environment,
        places: Places,
        files: Files,
    ) -> Result<Self, Error> {
        let clock = MachineClock::start();
        let plan_inputs = plan::inputs(call, &environment, &files);
        let config_paths = files.all().map(|file| file.path.clone()).collect();
        let Configured { configuration, profile, sources, plans, cautions, mistakes } =
            Configured::parse(call, &environment, files)?;
        let format = format(call, &configuration, &profile)?;
        let folder = StateFolder::new(places.state.clone());
        let mut warnings = Vec::new();
        let has_state = match folder.prepare() {
            Ok(()) => true,
            Err(ReadError::Refused(error)) => return Err(error),
            Err(ReadError::Io(_)) if places.is_homeless() => {
                let [own, home] = Places::STATE_VARIABLES;
                let unset = format!("neither `{own}` nor `{home}` is set to an absolute path");
                warnings.push(format!("nothing is cached: {unset}"));
                false
            }
            Err(ReadError::Io(error)) => {
                let path = folder.path().display();
                warnings.push(format!("nothing is cached: the state folder `{path}`: {error}"));
                false
            }
        };
        let homes = Homes::new(configuration.seal(), &places, &environment, clock);
        if matches!(call.command, Command::Seal(_)) {
            homes.ask_again();
        }
        let seal = find_seal(&homes, &places).await?;
        // Without a state folder, the warning about it is enough.
        if let Err(nowhere) = &seal
            && has_state
        {
            warnings.push(format!("nothing is cached: {}", nowhere.reason));
        }
        let mut session = Self {
            environment,
            backends: call.backends,
            clock,
            places,
            folder,
            config_paths,
            configuration,
            profile,
            format,
            sources,
            plans,
            homes,
            seal,
            warnings,
            cautions,
            mistakes,
            plan_inputs,
            has_state,
        };
        session.open_what_was_moved().await;
        Ok(session)
    }

    /// Fails if a source has invalid settings.
    pub(crate) fn complete(self) -> Result<Self, Error> {
        accept_no(&self.mistakes).map(|()| self)
    }
}

/// The paths of this call's files.
pub(crate) fn places(call: &CommandLine, environment: &Environment) -> Result<Places, Error> {
    let config = call.config.as_ref().map(|path| path.as_os_str());
    Places::find(config, &|name| environment.variable(name))
}

/// Reads this call's configuration files. Fails if there are none.
pub(crate) fn files(call: &CommandLine, places: &Places) -> Result<Files, Error> {
    let files = Files::read(places)?;
    if files.all().next().is_none() {
        return Err(no_configuration(call, places));
    }
    Ok(files)
}

pub(crate) fn no_configuration(call: &CommandLine, places: &Places) -> Error {
    let path = trust::quote(&places.user_config);
    let option = call.config.as_ref().map_or_else(String::new, |_| format!(" --config {path}"));
    Error::misconfigured(format!("there is no configuration at `{path}`"))
        .with_hint(format!("run `api-key-helper{option} init`"))
}

/// The format of the command line, or else of the profile.
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
