//! What every command starts from: places, configuration, and the profile that is meant.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use api_key_helper_core::config::{
    ConfigFile, Configuration, ConfiguredSource, OnRejection, Profile,
};
use api_key_helper_core::engine::{
    Call, Demand, LoggedIn, OnDisk, Outcome, Source, World, get, login, logout, on_disk, replace,
};
use api_key_helper_core::rejection::{Asked, Watch};
use api_key_helper_core::{
    Error, Moment, Places, Plan, PlanInputs, PlannedSource, Prompt, ReadError, StateFolder,
    Unsealed, trust,
};

use crate::cli::Call as CommandLine;
use crate::environment::Environment;
use crate::inputs::MachineInputs;
use crate::journal::LogFile;
use crate::world::{MachineClock, SystemChance};
use crate::{backends, config_file};

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
    pub(crate) sources: Vec<Source>,
    /// What a person should know, and is no error.
    pub(crate) warnings: Vec<String>,
    /// What is questionable about the sources' settings: for `status`, and not for each call.
    pub(crate) cautions: Vec<String>,
    plan_file: String,
    /// Whether the state folder can be used.
    has_state: bool,
}

impl Session {
    /// Reads the configuration, and builds the sources of the profile that is meant.
    ///
    /// # Errors
    /// Misconfigured.
    pub(crate) fn open(call: &CommandLine, environment: Environment) -> Result<Self, Error> {
        let clock = MachineClock::start();
        let places = places(call, &environment)?;
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
        let system = config_file::read(&places.system_config)?;
        let user = config_file::read(&places.user_config)?;
        if system.is_none() && user.is_none() {
            let path = trust::quote(&places.user_config);
            let option =
                call.config.as_ref().map_or_else(String::new, |_| format!(" --config {path}"));
            return Err(Error::misconfigured(format!("there is no configuration at `{path}`"))
                .with_hint(format!("run `api-key-helper{option} init`")));
        }
        let plan_file = plan_file(call, &environment, system.as_ref(), user.as_ref());
        let config_paths =
            [&system, &user].into_iter().flatten().map(|file| file.path.clone()).collect();
        let configuration = Configuration::parse(system, user, environment.texts())?;
        let name = profile_name(call, &configuration)?;
        let mut profile = configuration.profile(&name)?;
        let mut cautions = Vec::new();
        let sources = std::mem::take(&mut profile.sources)
            .into_iter()
            .map(|configured| build(configured, &mut cautions))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            environment,
            clock,
            places,
            folder,
            config_paths,
            configuration,
            profile,
            sources,
            warnings,
            cautions,
            plan_file,
            has_state,
        })
    }

    /// Compiles the profile for the front.
    pub(crate) async fn write_plan(&self) {
        if !self.has_state {
            return;
        }
        let plan = Plan {
            policy: self.profile.policy,
            hold: self.profile.hold,
            watches_rejection: self.watches_rejection(),
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
            self.sources.iter().map(|source| source.planned.id.stem()).collect();
        let keep = |file: &str| stems.iter().any(|stem| file.starts_with(stem));
        // Old files are no reason to fail, or to say anything.
        let _ = self.folder.sweep(now(&self.clock), keep);
        if let Some(runtime) = &self.places.runtime {
            let _ = StateFolder::new(runtime.clone()).sweep(now(&self.clock), keep);
        }
    }

    /// Begins to watch whoever asked at `asked_at`, if that is somebody to be watched.
    pub(crate) fn watch(&self, asked_at: Moment) -> Option<Watch> {
        if !self.watches_rejection() {
            return None;
        }
        Watch::begin(&Asked {
            at: asked_at,
            plan_file: &self.plan_file,
            hold: self.profile.hold.of_claude_code(),
            places: &self.places,
            variable: &|name| self.environment.variable(name),
        })
    }

    fn watches_rejection(&self) -> bool {
        self.profile.on_rejection == OnRejection::Refetch
    }

    /// Asks the engine.
    pub(crate) async fn get(&self, demand: Demand, deadline: Duration) -> Outcome {
        let chain = self.environment.chain();
        let call = self.call(demand, deadline, &chain);
        self.in_world(async |world| get(world, &self.sources, &call).await).await
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

    /// Signs in to `source`.
    pub(crate) async fn login(
        &self,
        source: &Source,
        prompt: &dyn Prompt,
    ) -> Result<LoggedIn, Error> {
        let profile = &self.profile.name;
        self.in_world(async |world| login(world, source, profile, prompt).await).await
    }

    /// Signs out of `source`. The inner result is the server's.
    pub(crate) async fn logout(&self, source: &Source) -> Result<Result<(), Error>, Error> {
        let profile = &self.profile.name;
        self.in_world(async |world| logout(world, source, profile).await).await
    }

    /// The source that somebody wants to sign in to, which is one that people can sign in to.
    ///
    /// # Errors
    /// Misconfigured: there is none.
    pub(crate) fn source_to_sign_in_to(&self, name: Option<&str>) -> Result<Source, Error> {
        let source = self.source_to_sign_out_of(name)?;
        if !backends::has_login(&source.backend_name) {
            let (name, backend) = (&source.planned.id.source, &source.backend_name);
            return Err(Error::misconfigured(format!(
                "people do not sign in to source `{name}`: backend `{backend}` has no login"
            ))
            .with_hint("name another source, see `api-key-helper status`"));
        }
        Ok(source)
    }

    /// The source that somebody wants to sign out of: `name`, whatever it is, else the profile's first
    /// one that people can sign in to.
    ///
    /// # Errors
    /// Misconfigured: there is none.
    pub(crate) fn source_to_sign_out_of(&self, name: Option<&str>) -> Result<Source, Error> {
        let name = match name {
            Some(name) => name,
            None => self
                .sources
                .iter()
                .find(|source| backends::has_login(&source.backend_name))
                .map(|source| source.planned.id.source.as_str())
                .ok_or_else(|| {
                    let profile = &self.profile.name;
                    Error::misconfigured(format!(
                        "profile `{profile}` has no source that people sign in to"
                    ))
                    .with_hint("name one with `--source`, see `api-key-helper status`")
                })?,
        };
        let configured = self.configuration.source_alone(name)?;
        build(configured, &mut Vec::new())
    }

    /// Acts in the engine's world on this machine.
    async fn in_world<T>(&self, act: impl AsyncFnOnce(World<'_>) -> T) -> T {
        act(World {
            clock: &self.clock,
            chance: &SystemChance,
            disk: &self.folder,
            seal: &Unsealed,
            inputs: &MachineInputs { environment: &self.environment },
            journal: &LogFile { folder: &self.folder },
            variable: &|name| self.environment.variable(name),
        })
        .await
    }

    /// How long this caller goes on using a key.
    pub(crate) fn hold(&self) -> Duration {
        self.profile.hold.of_caller(|name| self.environment.variable(name).is_some())
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

fn plan_file(
    call: &CommandLine,
    environment: &Environment,
    system: Option<&ConfigFile>,
    user: Option<&ConfigFile>,
) -> String {
    let inputs = PlanInputs {
        profile: call.profile.as_deref().map(OsStr::new),
        files: [system, user]
            .map(|file| file.map(|file| (file.path.as_path(), file.bytes.as_slice()))),
        variables: &environment.deciding(),
    };
    inputs.file()
}

fn profile_name(call: &CommandLine, configuration: &Configuration) -> Result<String, Error> {
    let Some(name) = &call.profile else { return configuration.default_profile() };
    if configuration.default_profile().ok().as_ref() != Some(name) {
        configuration.check_unlocked(&["default_profile"], "`--profile`")?;
    }
    Ok(name.clone())
}

fn build(configured: ConfiguredSource, cautions: &mut Vec<String>) -> Result<Source, Error> {
    let backend = backends::build(&configured.backend, &configured.table)?;
    let reads = configured.table.reads();
    cautions.extend(reads.warnings);
    Ok(Source {
        planned: PlannedSource {
            id: configured.id,
            variables: reads.variables.into_iter().collect(),
        },
        backend_name: configured.backend,
        backend,
        timeout: configured.timeout,
        retries: configured.retries,
        lifetime: configured.lifetime,
    })
}

/// The time, for what is not a call.
pub(crate) fn now(clock: &MachineClock) -> Moment {
    use api_key_helper_core::engine::Clock as _;

    clock.now()
}
