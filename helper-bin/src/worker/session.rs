//! What every command starts from: places, configuration, and the profile that is meant.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use api_key_helper_core::config::{
    ConfigFile, Configuration, ConfiguredSource, OnRejection, Profile,
};
use api_key_helper_core::engine::{
    Call, Demand, Disk, LoggedIn, OnDisk, Outcome, Source, World, get, login, logout, on_disk,
    replace, seal_anew,
};
use api_key_helper_core::rejection::{Asked, Watch};
use api_key_helper_core::{
    Entry, EntryId, Error, ErrorKind, Moment, Places, Plan, PlanInputs, PlannedSource, Prompt,
    ReadError, Seal, SealSetting, SealingKey, StateFolder, trust,
};

use crate::cli::{Call as CommandLine, Command};
use crate::environment::Environment;
use crate::inputs::MachineInputs;
use crate::journal::LogFile;
use crate::nowhere::Nowhere;
use crate::seal::{Home, Homes, InUse, Reason};
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
    /// Where the sealing key can be.
    pub(crate) homes: Homes,
    /// The sealing keys, or what is used where none can be made.
    pub(crate) seal: Result<InUse, Nowhere>,
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
    pub(crate) async fn open(call: &CommandLine, environment: Environment) -> Result<Self, Error> {
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
            sources,
            homes,
            seal,
            warnings,
            cautions,
            plan_file,
            has_state,
        };
        session.open_what_was_moved().await;
        Ok(session)
    }

    /// Who has just named the file as the sealing key's home has entries that the store's key sealed. It
    /// is asked for that key only while there are any.
    async fn open_what_was_moved(&mut self) {
        if self.homes.setting() != SealSetting::File {
            return;
        }
        let ids: Vec<EntryId> =
            self.sources.iter().map(|source| source.planned.id.clone()).collect();
        let is_moved = ids.iter().any(|id| {
            let is_here = |seal: &dyn Seal| self.folder.path().join(id.entry_file(seal)).exists();
            !is_here(self.seals().0) && !self.unopened(id).is_empty()
        });
        if is_moved && let Ok(in_use) = &mut self.seal {
            self.homes.add_stored(in_use).await;
        }
    }

    /// Makes a new sealing key, which is the one in use from here on.
    ///
    /// # Errors
    /// When its home refuses. Then the old one is.
    pub(crate) async fn rotate_seal(
        &mut self,
        home: &Home,
        is_used: impl Fn(&SealingKey) -> bool,
    ) -> Result<(), Error> {
        self.homes.rotate(home, is_used).await?;
        self.seal = find_seal(&self.homes).await?;
        Ok(())
    }

    /// What seals, and what only opens.
    fn seals(&self) -> (&dyn Seal, &[SealingKey]) {
        match &self.seal {
            Ok(in_use) => (in_use.current(), in_use.older()),
            Err(nowhere) => (nowhere, &[]),
        }
    }

    /// The files of a source's entries that none of our keys sealed.
    pub(crate) fn unopened(&self, id: &EntryId) -> Vec<String> {
        let (seal, older) = self.seals();
        let mut names = self.folder.entry_files().unwrap_or_default();
        names.retain(|name| {
            id.has_entry_file(name)
                && *name != id.entry_file(seal)
                && older.iter().all(|key| *name != id.entry_file(key))
        });
        names
    }

    /// What lies in the state folder of a source's entry, and whether it can be opened.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn entry(&self, id: &EntryId) -> Result<Option<Option<Entry>>, ReadError> {
        let (seal, older) = self.seals();
        let seals = std::iter::once(seal).chain(older.iter().map(|key| key as &dyn Seal));
        for seal in seals {
            if let Some(bytes) = self.folder.read(&id.entry_file(seal))? {
                return Ok(Some(Entry::decode(&bytes, id, seal)));
            }
        }
        Ok(None)
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
        let mut outcome = self.in_world(async |world| get(world, &self.sources, &call).await).await;
        if let Err(error) = &mut outcome.answer
            && error.kind() == ErrorKind::NeedsLogin
            && let Some(hint) = self.rather_unlock()
        {
            *error = error.clone().with_hint(hint);
        }
        outcome
    }

    /// What spares a human the login: a store that is locked holds the key to one that was made before.
    fn rather_unlock(&self) -> Option<String> {
        let Reason::InsteadOfStore(why) = &self.seal.as_ref().ok()?.reason else { return None };
        let is_sealed = |source: &Source| !self.unopened(&source.planned.id).is_empty();
        self.sources.iter().any(is_sealed).then(|| {
            format!(
                "a sign-in is there that another key sealed, and {why}: unlock that and run \
                 `api-key-helper seal`, or sign in anew with `api-key-helper login`"
            )
        })
    }

    /// Seals the entry of `id` anew, if one of the older keys sealed it, and says whether one did.
    ///
    /// # Errors
    /// When somebody goes on refreshing the source, or the disk refuses.
    pub(crate) async fn seal_anew(&self, id: &EntryId) -> Result<bool, Error> {
        self.in_world(async |world| seal_anew(world, id).await).await
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
        self.profile.hold.of_caller(|name| self.environment.variable(name).is_some())
    }
}

/// The sealing keys in use, or why nothing can be sealed.
async fn find_seal(homes: &Homes) -> Result<Result<InUse, Nowhere>, Error> {
    match homes.in_use().await {
        Ok(in_use) => Ok(Ok(in_use)),
        Err(ReadError::Refused(error)) => Err(error),
        Err(ReadError::Io(error)) => {
            let folder = homes.folder().display();
            let reason = format!("no sealing key can be kept in `{folder}`: {error}");
            Ok(Err(Nowhere { reason }))
        }
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
