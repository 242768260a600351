//! Profiles, with the precedence of variables, files and defaults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api_key_helper_backend::{RawDuration, SourceTable, Variables};
use api_key_helper_cache::{CLIENT_TTL_DEFAULT, CLIENT_TTL_VARIABLE, EntryId, Hold, Policy};
use api_key_helper_formats::Format;
use api_key_helper_values::Error;

use crate::configuration::Configuration;
use crate::definitions::{ProfileDefinition, SourceDefinition, known};
use crate::settings::{OnRejection, ProfileSettings, Share};

const TIMEOUT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 3;
/// The default of `deadline`, and the limit of a call without a profile.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The variable with the longest time of one attempt, in milliseconds.
const TIMEOUT_VARIABLE: &str = "API_KEY_HELPER_TIMEOUT_MS";
/// The variable with the number of attempts after the first one.
const RETRIES_VARIABLE: &str = "API_KEY_HELPER_RETRY_COUNT";

/// The name in checks of locks for a source that is used by itself. No profile has this name, and a
/// lock on every profile covers it.
const NO_PROFILE: &str = "*";

/// A profile, ready to be used.
#[derive(Debug)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The rule by which a key may be printed.
    pub policy: Policy,
    /// The time for which callers use a key.
    pub hold: Hold,
    /// The longest time of one call.
    pub deadline: Duration,
    /// The reaction to an early retry.
    pub on_rejection: OnRejection,
    /// The form in which the key is printed.
    pub format: Format,
    /// The sources, in order of preference.
    pub sources: Vec<Arc<ConfiguredSource>>,
}

/// A source with the settings of one profile.
#[derive(Debug)]
pub struct ConfiguredSource {
    /// The settings that the backend reads.
    pub table: SourceTable,
    /// The name of the backend.
    pub backend: String,
    /// The identity of its cache entry.
    pub id: EntryId,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// The number of attempts after the first one.
    pub retries: u32,
    /// The lifetime of a key whose issuer reports none.
    pub lifetime: Option<Duration>,
    /// The sources whose keys are secret inputs of this one, in alphabetical order. Several users
    /// share one value.
    pub uses: Vec<Arc<Self>>,
}

/// Makes the sources of one profile, each once.
struct SourceMaker<'a> {
    configuration: &'a Configuration,
    profile: &'a str,
    settings: &'a ProfileSettings,
    variables: &'a FromVariables,
    made: BTreeMap<String, Arc<ConfiguredSource>>,
}

/// The checked values of the environment variables.
struct FromVariables {
    timeout: Option<Duration>,
    retries: Option<u32>,
    client_ttl: Option<Duration>,
}

impl Configuration {
    /// Returns the profile `name`.
    ///
    /// # Errors
    /// `Misconfigured`: the profile or a source is missing, or a variable is not a number or sets a
    /// locked key.
    pub fn profile(&self, name: &str) -> Result<Profile, Error> {
        let Some(ProfileDefinition { settings, sources }) = self.profiles.get(name) else {
            return Err(Error::misconfigured(format!("there is no profile `{name}`"))
                .with_hint(known("profiles", self.profiles.keys())));
        };
        let variables = FromVariables::read(&self.variables)?;
        let mut maker = SourceMaker::new(self, name, settings, &variables);
        let sources = sources.iter().map(|source| maker.make(source)).collect::<Result<_, _>>()?;
        let policy = Policy::default();
        let or = |written: Option<RawDuration>, default| {
            written.map_or(default, |RawDuration(time)| time)
        };
        // Claude Code's variable, which `apply` writes, does not violate a lock: it is only
        // ignored.
        let fills_ttl = self.check_unlocked(&["profile", name, "ttl"], CLIENT_TTL_VARIABLE).is_ok();
        let client_ttl = variables.client_ttl.filter(|_| fills_ttl);
        Ok(Profile {
            name: name.to_owned(),
            policy: Policy {
                ttl: or(settings.ttl, client_ttl.unwrap_or(policy.ttl)),
                ttl_jitter: settings.ttl_jitter.map_or(policy.ttl_jitter, |Share(share)| share),
                refresh_window: or(settings.refresh_window, policy.refresh_window),
                stale_while_revalidate: or(
                    settings.stale_while_revalidate,
                    policy.stale_while_revalidate,
                ),
                stale_if_error: or(settings.stale_if_error, policy.stale_if_error),
            },
            hold: Hold {
                fixed: settings.hold.map(|RawDuration(hold)| hold),
                claude_code: variables.client_ttl.unwrap_or(CLIENT_TTL_DEFAULT),
            },
            deadline: or(settings.deadline, DEADLINE),
            on_rejection: settings.on_rejection.unwrap_or_default(),
            format: Format {
                name: settings.format.unwrap_or_default(),
                headers: settings.headers.clone(),
                env: settings.env.clone().unwrap_or_default(),
                username: settings.username.clone().unwrap_or_default(),
                send_to: settings.send_to.clone().unwrap_or_default(),
            },
            sources,
        })
    }

    /// Returns the source `name` by itself, with no settings of a profile.
    ///
    /// # Errors
    /// `Misconfigured`: there is no such source.
    pub fn source_alone(&self, name: &str) -> Result<Arc<ConfiguredSource>, Error> {
        let Some(source) = self.sources.get(name) else {
            return Err(Error::misconfigured(format!("there is no source `{name}`"))
                .with_hint(known("sources", self.sources.keys())));
        };
        let settings = ProfileSettings::default();
        let variables = FromVariables::read(&self.variables)?;
        SourceMaker::new(self, NO_PROFILE, &settings, &variables).make(source)
    }
}

impl<'a> SourceMaker<'a> {
    const fn new(
        configuration: &'a Configuration,
        profile: &'a str,
        settings: &'a ProfileSettings,
        variables: &'a FromVariables,
    ) -> Self {
        Self { configuration, profile, settings, variables, made: BTreeMap::new() }
    }

    fn make(&mut self, source: &SourceDefinition) -> Result<Arc<ConfiguredSource>, Error> {
        let SourceDefinition { id, backend, settings, table, .. } = source;
        if let Some(made) = self.made.get(&id.source) {
            return Ok(Arc::clone(made));
        }
        let (configuration, variables) = (self.configuration, self.variables);
        for (variable, key, is_set) in [
            (TIMEOUT_VARIABLE, "timeout", variables.timeout.is_some()),
            (RETRIES_VARIABLE, "retries", variables.retries.is_some()),
        ] {
            if is_set {
                let place = format!("the variable `{variable}`");
                configuration.check_unlocked(&["profile", self.profile, key], &place)?;
                configuration.check_unlocked(&["source", &id.source, key], &place)?;
            }
        }
        let uses = source.uses.iter().map(|used| self.make(used)).collect::<Result<_, _>>()?;
        let time = |written: Option<RawDuration>| written.map(|RawDuration(time)| time);
        let (table, locked) = (table.clone(), configuration.locked.clone());
        let made = Arc::new(ConfiguredSource {
            table: SourceTable::new(&id.source, table, configuration.variables.clone(), locked),
            backend: backend.clone(),
            id: id.clone(),
            timeout: variables
                .timeout
                .or(time(settings.timeout))
                .or(time(self.settings.timeout))
                .unwrap_or(TIMEOUT),
            retries: variables
                .retries
                .or(settings.retries)
                .or(self.settings.retries)
                .unwrap_or(RETRIES),
            lifetime: time(settings.lifetime),
            uses,
        });
        self.made.insert(id.source.clone(), Arc::clone(&made));
        Ok(made)
    }
}

impl FromVariables {
    fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self {
            timeout: number(variables, TIMEOUT_VARIABLE, "milliseconds", 10_000)?
                .map(Duration::from_millis),
            retries: number(variables, RETRIES_VARIABLE, "attempts", 3)?
                .map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            client_ttl: number(variables, CLIENT_TTL_VARIABLE, "milliseconds", 300_000)?
                .map(Duration::from_millis),
        })
    }
}

/// Parses a whole number. Claude Code itself reads the leading digits, so that `1h` would be one
/// millisecond; here that is an error.
fn number(
    variables: &Variables,
    name: &str,
    unit: &str,
    example: u64,
) -> Result<Option<u64>, Error> {
    let Some(text) = variables.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        Error::misconfigured(format!("the variable `{name}` is `{shown}`, not a whole number"))
            .with_hint(format!("set it to a number of {unit}, such as `{name}={example}`"))
    })
}
