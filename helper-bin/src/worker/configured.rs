//! Configuration files, and what they say of the profile that is meant.

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
        let mut cautions = Vec::new();
        let mut sources = Vec::new();
        let mut mistakes = Vec::new();
        for configured in std::mem::take(&mut profile.sources) {
            let name = configured.id.source.clone();
            match build(configured, &mut cautions) {
                Ok(source) => sources.push(source),
                Err(error) => mistakes.push((name, error)),
            }
        }
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

/// Builds a source.
///
/// # Errors
/// Misconfigured.
pub(crate) fn build(
    configured: ConfiguredSource,
    cautions: &mut Vec<String>,
) -> Result<Source, Error> {
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
