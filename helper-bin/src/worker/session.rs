//! What every command starts from: places, configuration, and the profile that is meant.

mod sealing;
mod sign_in;
mod sources;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use api_key_helper_core::config::{Configuration, FormatName, OnRejection, Profile};
use api_key_helper_core::engine::{
    Call, Clock as _, Demand, Disk, OnDisk, Outcome, Source, World, at_once, get, on_disk, replace,
};
use api_key_helper_core::{
    Error, ErrorKind, Moment, Places, Plan, PlanInputs, ReadError, StateFolder, trust,
};

use self::sealing::find_seal;
use crate::cli::{Call as CommandLine, Command};
use crate::configured::{Configured, Files, Mistake};
use crate::environment::Environment;
use crate::inputs::MachineInputs;
use crate::journal::LogFile;
use crate::nowhere::Nowhere;
use crate::seal::{Homes, InUse};
use crate::world::{MachineClock, SystemChance};

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
        let plan_file = plan_file(call, &environment, &files);
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

    /// Compiles the profile for the front, which knows no format but the plain one.
    pub(crate) async fn write_plan(&self) {
        if !self.has_state || self.profile.format.name != FormatName::Raw {
            return;
        }
        let plan = Plan {
            policy: self.profile.policy,
            hold: self.profile.hold,
            watches_rejection: self.watches_rejection(),
            seal: self.homes.setting(),
            sources: self.sources.iter().map(|source| source.planned.clone()).collect(),
        };
        // Reading first leaves a plan that stands alone: writing costs two waits for the disk.
        let stands = self.folder.read(&self.plan_file).is_ok_and(|found| {
            found.and_then(|bytes| Plan::decode(&bytes)).is_some_and(|found| found == plan)
        });
        if stands {
            return;
        }
        // Without it the next call only takes longer. Where nothing can be written, that is said of
        // the key.
        let _ = replace(&self.folder, &self.plan_file, &plan.encode()).await;
        self.sweep();
    }

    /// Removes what nobody has used for a long time.
    pub(crate) fn sweep(&self) {
        let stems: Vec<String> =
            self.all_sources().iter().map(|source| source.planned.id.stem()).collect();
        let keep = |file: &str| stems.iter().any(|stem| file.starts_with(stem));
        // Old files are no reason to fail, or to say anything.
        let _ = self.folder.sweep(now(&self.clock), keep);
        if let Some(runtime) = &self.places.runtime {
            let _ = StateFolder::new(runtime.clone()).sweep(now(&self.clock), keep);
        }
    }

    /// Whether Claude Code is watched for keys that the API refuses.
    pub(crate) fn watches_rejection(&self) -> bool {
        self.profile.on_rejection == OnRejection::Refetch
    }

    /// Asks the engine.
    pub(crate) async fn get(&self, demand: Demand, deadline: Duration) -> Outcome {
        let chain = self.environment.chain();
        // What was spent on a store that did not answer is a part of the call too.
        let deadline = deadline.saturating_sub(self.clock.uptime());
        let call = self.call(demand, deadline, &chain);
        let mut outcome = self.in_world(async |world| get(world, &self.sources, &call).await).await;
        if let Err(error) = &mut outcome.answer
            && error.kind() == ErrorKind::NeedsLogin
        {
            let hint = self.rather_unlock().or_else(|| error.hint().map(str::to_owned));
            let hint = hint.map(|hint| self.with_options(&hint));
            *error = hint.into_iter().fold(error.clone(), Error::with_hint);
        }
        outcome
    }

    /// A hint whose command means the same configuration and profile as this call.
    fn with_options(&self, hint: &str) -> String {
        hint.replace("`api-key-helper ", &format!("`api-key-helper{} ", self.options))
    }

    /// Whether a call would be answered without asking anybody.
    ///
    /// # Errors
    /// Misconfigured, for a file that is not ours.
    pub(crate) async fn has_answer(&self) -> Result<bool, Error> {
        let call = self.call(Demand::Printable, Duration::ZERO, "");
        let found = self.in_world(async |world| at_once(world, &self.sources, &call).await).await;
        found.map(|found| found.is_some())
    }

    /// Whether a key that another process fetches is there for this one.
    pub(crate) const fn shares_keys(&self) -> bool {
        self.has_state && self.seal.is_ok()
    }

    /// The key that a call would be answered with, if nobody had to be asked for it.
    ///
    /// # Errors
    /// Misconfigured, for a file that is not ours.
    pub(crate) async fn on_disk(&self) -> Result<Option<OnDisk>, Error> {
        let call = self.call(Demand::Printable, Duration::ZERO, "");
        self.in_world(async |world| on_disk(world, &self.sources, &call).await).await
    }

    fn call<'a>(&'a self, demand: Demand, deadline: Duration, chain: &'a str) -> Call<'a> {
        Call {
            profile: &self.profile.name,
            policy: &self.profile.policy,
            hold: self.hold(),
            deadline,
            demand,
            chain,
        }
    }

    /// Acts in the engine's world on this machine.
    pub(crate) async fn in_world<T>(&self, act: impl AsyncFnOnce(World<'_>) -> T) -> T {
        let (seal, older) = self.seals();
        let disk: &dyn Disk = match &self.seal {
            Ok(_) => &self.folder,
            Err(nowhere) => nowhere,
        };
        act(World {
            clock: &self.clock,
            chance: &SystemChance,
            disk,
            seal,
            older,
            inputs: &MachineInputs { environment: &self.environment },
            journal: &LogFile { folder: &self.folder },
            variable: &|name| self.environment.variable(name),
        })
        .await
    }

    /// How long this caller goes on using a key.
    pub(crate) fn hold(&self) -> Duration {
        let Profile { hold, .. } = &self.profile;
        let of_format = hold.fixed.is_none().then(|| api_key_helper_formats::hold(self.format));
        of_format
            .flatten()
            .unwrap_or_else(|| hold.of_caller(|name| self.environment.variable(name).is_some()))
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

fn plan_file(call: &CommandLine, environment: &Environment, files: &Files) -> String {
    let inputs = PlanInputs {
        profile: call.profile.as_deref().map(OsStr::new),
        files: [&files.system, &files.user]
            .map(|file| file.as_ref().map(|file| (file.path.as_path(), file.bytes.as_slice()))),
        variables: &environment.deciding(),
    };
    inputs.file()
}

/// The time, for what is not a call.
pub(crate) fn now(clock: &MachineClock) -> Moment {
    clock.now()
}
