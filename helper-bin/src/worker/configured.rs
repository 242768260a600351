//! Configuration files, and what they say of the profile that is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api_key_helper_core::config::{ConfigFile, Configuration, ConfiguredSource, Profile};
use api_key_helper_core::engine::Source;
use api_key_helper_core::{Error, Places, PlannedSource};

use crate::cli::Call as CommandLine;
use crate::environment::Environment;
use crate::{backends, config_file};

/// The configuration files of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(crate) system: Option<ConfigFile>,
    pub(crate) user: Option<ConfigFile>,
}

impl Files {
    /// Reads them.
    ///
    /// # Errors
    /// Misconfigured.
    pub(crate) fn read(places: &Places) -> Result<Self, Error> {
        let system = config_file::read(&places.system_config)?;
        Ok(Self { system, user: config_file::read(&places.user_config)? })
    }

    /// Those that are there.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ConfigFile> {
        [&self.system, &self.user].into_iter().flatten()
    }
}

/// What configuration files say of the profile that is meant.
pub(crate) struct Configured {
    pub(crate) configuration: Configuration,
    pub(crate) profile: Profile,
    pub(crate) sources: Vec<Source>,
    /// What is questionable about the sources' settings.
    pub(crate) cautions: Vec<String>,
}

impl Configured {
    /// Parses the files, and builds the sources. Asks nobody, and writes nothing.
    ///
    /// # Errors
    /// Misconfigured.
    pub(crate) fn of(
        call: &CommandLine,
        environment: &Environment,
        files: Files,
    ) -> Result<Self, Error> {
        let (configured, mistakes) = Self::partly_of(call, environment, files)?;
        mistakes.into_iter().next().map_or(Ok(configured), |(_, error)| Err(error))
    }

    /// The same without the sources whose settings are wrong.
    ///
    /// # Errors
    /// Misconfigured, where there is no profile.
    pub(crate) fn partly_of(
        call: &CommandLine,
        environment: &Environment,
        files: Files,
    ) -> Result<(Self, Vec<Mistake>), Error> {
        let configuration = Configuration::parse(files.system, files.user, environment.texts())?;
        let name = profile_name(call, &configuration)?;
        let mut profile = configuration.profile(&name)?;
        let mut builder = Builder::default();
        let configured = std::mem::take(&mut profile.sources);
        let sources = configured.iter().filter_map(|configured| builder.build(configured).ok());
        let sources = sources.map(Arc::unwrap_or_clone).collect();
        let Builder { cautions, mistakes, .. } = builder;
        Ok((Self { configuration, profile, sources, cautions }, mistakes))
    }
}

/// The name of a source whose settings are wrong, and what is.
pub(crate) type Mistake = (String, Error);

fn profile_name(call: &CommandLine, configuration: &Configuration) -> Result<String, Error> {
    let Some(name) = &call.profile else { return configuration.default_profile() };
    if configuration.default_profile().ok().as_ref() != Some(name) {
        configuration.check_unlocked(&["default_profile"], "`--profile`")?;
    }
    Ok(name.clone())
}

/// Builds sources, and those that they use, each once.
#[derive(Default)]
pub(crate) struct Builder {
    built: BTreeMap<String, Result<Arc<Source>, Error>>,
    cautions: Vec<String>,
    /// In the order in which they are to be mended.
    mistakes: Vec<Mistake>,
}

impl Builder {
    /// Builds one by itself.
    ///
    /// # Errors
    /// Misconfigured: its settings are wrong, or those of one that it uses.
    pub(crate) fn build_alone(configured: &ConfiguredSource) -> Result<Source, Error> {
        let mut builder = Self::default();
        let built = builder.build(configured).map(Arc::unwrap_or_clone);
        let first = builder.mistakes.into_iter().next();
        built.map_err(|error| first.map_or(error, |(_, first)| first))
    }

    fn build(&mut self, configured: &ConfiguredSource) -> Result<Arc<Source>, Error> {
        let name = &configured.id.source;
        if let Some(known) = self.built.get(name) {
            return known.clone();
        }
        // First those that it uses: from their mistakes others follow.
        let uses: Vec<_> = configured.uses.iter().map(|used| self.build(used)).collect();
        let source = self.join(configured, uses).map(Arc::new);
        if let Err(error) = &source {
            self.mistakes.push((name.clone(), error.clone()));
        }
        self.built.insert(name.clone(), source.clone());
        source
    }

    fn join(
        &mut self,
        configured: &ConfiguredSource,
        uses: Vec<Result<Arc<Source>, Error>>,
    ) -> Result<Source, Error> {
        let backend = backends::build(&configured.backend, &configured.table)?;
        let uses = uses.into_iter().zip(&configured.uses).map(|(used, asked_for)| {
            let (source, used_name) = (&configured.id.source, &asked_for.id.source);
            used.map_err(|_| {
                let message =
                    format!("source `{source}` uses `{used_name}`, whose settings are wrong");
                Error::misconfigured(message).with_hint(format!("mend `[source.{used_name}]`"))
            })
        });
        let uses = uses.collect::<Result<Vec<Arc<Source>>, Error>>()?;
        let reads = configured.table.reads();
        self.cautions.extend(reads.warnings);
        // Another value of what an inner source reads is another key of it, and so of this one.
        let of_used = uses.iter().flat_map(|used| used.planned.variables.iter().cloned());
        let variables: BTreeSet<String> = reads.variables.into_iter().chain(of_used).collect();
        Ok(Source {
            planned: PlannedSource {
                id: configured.id.clone(),
                variables: variables.into_iter().collect(),
            },
            backend_name: configured.backend.clone(),
            backend: backend.into(),
            timeout: configured.timeout,
            retries: configured.retries,
            lifetime: configured.lifetime,
            uses,
        })
    }
}
