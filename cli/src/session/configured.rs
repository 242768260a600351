//! Configuration files, and the profile selected from them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api_key_helper_cache::SourcePlan;
use api_key_helper_config::{ConfigFile, Configuration, ConfiguredSource, Profile};
use api_key_helper_core::Source;
use api_key_helper_system::Places;
use api_key_helper_values::Error;

use super::config_file;
use crate::backends::Backends;
use crate::cli::Call as CommandLine;
use crate::environment::Environment;

#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(crate) system: Option<ConfigFile>,
    pub(crate) user: Option<ConfigFile>,
}

impl Files {
    pub(crate) fn read(places: &Places) -> Result<Self, Error> {
        let system = config_file::read(&places.system_config)?;
        Ok(Self { system, user: config_file::read(&places.user_config)? })
    }

    /// The files that exist.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ConfigFile> {
        [&self.system, &self.user].into_iter().flatten()
    }
}

/// The selected profile, with its sources built.
pub(crate) struct Configured {
    pub(crate) configuration: Configuration,
    pub(crate) profile: Profile,
    pub(crate) sources: Vec<Source>,
    /// The sources' plans, which hold for every environment.
    pub(crate) plans: Vec<SourcePlan>,
    /// Questionable settings of the sources.
    pub(crate) cautions: Vec<String>,
    /// The sources with invalid settings, which `sources` lacks.
    pub(crate) mistakes: Vec<Mistake>,
}

impl Configured {
    /// Parses the files, and builds the sources with valid settings. Sends no request and writes no
    /// file.
    pub(crate) fn parse(
        call: &CommandLine,
        environment: &Environment,
        files: Files,
    ) -> Result<Self, Error> {
        let configuration = Configuration::parse(files.system, files.user, environment.texts())?;
        let name = profile_name(call, &configuration)?;
        let mut profile = configuration.profile(&name)?;
        let mut builder = Builder::new(environment, call.backends);
        let configured = std::mem::take(&mut profile.sources);
        let built = configured.iter().filter_map(|configured| builder.build(configured).ok());
        let (sources, plans) =
            built.map(|BuiltSource { source, plan }| (Arc::unwrap_or_clone(source), plan)).unzip();
        let Builder { cautions, mistakes, .. } = builder;
        Ok(Self { configuration, profile, sources, plans, cautions, mistakes })
    }
}

/// A source with invalid settings, and the error.
pub(crate) type Mistake = (String, Error);

/// Fails with the first of `mistakes`.
pub(crate) fn accept_no(mistakes: &[Mistake]) -> Result<(), Error> {
    mistakes.first().map_or(Ok(()), |(_, error)| Err(error.clone()))
}

fn profile_name(call: &CommandLine, configuration: &Configuration) -> Result<String, Error> {
    let default = configuration.default_profile();
    let Some(name) = &call.profile else { return default.map(str::to_owned) };
    if default != Ok(name) {
        configuration.check_unlocked(&["default_profile"], "`--profile`")?;
    }
    Ok(name.clone())
}

/// A source in this environment, and its plan for every environment.
#[derive(Clone)]
struct BuiltSource {
    source: Arc<Source>,
    plan: SourcePlan,
}

/// Builds each source once, together with those that it uses.
pub(crate) struct Builder<'a> {
    environment: &'a Environment,
    backends: Backends,
    built: BTreeMap<String, Result<BuiltSource, Error>>,
    cautions: Vec<String>,
    /// In the order in which a user should fix them.
    mistakes: Vec<Mistake>,
}

impl<'a> Builder<'a> {
    const fn new(environment: &'a Environment, backends: Backends) -> Self {
        Self {
            environment,
            backends,
            built: BTreeMap::new(),
            cautions: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Builds one source and those that it uses.
    pub(crate) fn build_alone(
        configured: &ConfiguredSource,
        environment: &'a Environment,
        backends: Backends,
    ) -> Result<Source, Error> {
        let mut builder = Self::new(environment, backends);
        let built = builder.build(configured).map(|built| Arc::unwrap_or_clone(built.source));
        let first = builder.mistakes.into_iter().next();
        built.map_err(|error| first.map_or(error, |(_, first)| first))
    }

    fn build(&mut self, configured: &ConfiguredSource) -> Result<BuiltSource, Error> {
        let name = &configured.id.source;
        if let Some(known) = self.built.get(name) {
            return known.clone();
        }
        // The sources that it uses come first: their mistakes cause others.
        let uses: Vec<_> = configured.uses.iter().map(|used| self.build(used)).collect();
        let built = self.join(configured, uses);
        if let Err(error) = &built {
            self.mistakes.push((name.clone(), error.clone()));
        }
        self.built.insert(name.clone(), built.clone());
        built
    }

    fn join(
        &mut self,
        configured: &ConfiguredSource,
        uses: Vec<Result<BuiltSource, Error>>,
    ) -> Result<BuiltSource, Error> {
        let backend = self.backends.build(&configured.backend, &configured.table)?;
        let uses = uses.into_iter().zip(&configured.uses).map(|(used, asked_for)| {
            let (source, used_name) = (&configured.id.source, &asked_for.id.source);
            used.map_err(|_| {
                let message =
                    format!("source `{source}` uses `{used_name}`, whose settings are wrong");
                Error::misconfigured(message).with_hint(format!("mend `[source.{used_name}]`"))
            })
        });
        let uses = uses.collect::<Result<Vec<BuiltSource>, Error>>()?;
        let reads = configured.table.reads();
        self.cautions.extend(reads.warnings);
        // Variables that select another key of an inner source also select another key of this one.
        let of_used = |names: fn(&SourcePlan) -> &[String]| {
            uses.iter().flat_map(move |used| names(&used.plan).iter().cloned())
        };
        let selectors: BTreeSet<String> =
            reads.selectors.into_iter().chain(of_used(|plan| &plan.selectors)).collect();
        let variables: BTreeSet<String> =
            reads.variables.into_iter().chain(of_used(|plan| &plan.variables)).collect();
        let plan = SourcePlan {
            id: configured.id.clone(),
            variables: variables.difference(&selectors).cloned().collect(),
            selectors: selectors.into_iter().collect(),
        };
        let source = Source {
            planned: plan.clone().within(&|name| self.environment.variable(name)),
            backend_name: configured.backend.clone(),
            backend: backend.into(),
            timeout: configured.timeout,
            retries: configured.retries,
            lifetime: configured.lifetime,
            uses: uses.into_iter().map(|used| used.source).collect(),
        };
        Ok(BuiltSource { source: Arc::new(source), plan })
    }
}
