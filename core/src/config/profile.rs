//! A profile with all that its settings come from, in order of precedence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Written;
use super::configuration::Configuration;
use super::format::Format;
use super::settings::{OnRejection, ProfileSettings, Share, SourceSettings};
use super::source_table::{SourceTable, Variables};
use crate::{CLIENT_TTL_DEFAULT, CLIENT_TTL_VARIABLE, EntryId, Error, Fingerprint, Hold, Policy};

const TIMEOUT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 3;
const DEADLINE: Duration = Duration::from_secs(30);

/// The longest time of one attempt, in milliseconds.
const TIMEOUT_VARIABLE: &str = "API_KEY_HELPER_TIMEOUT_MS";
/// Attempts after the first one.
const RETRIES_VARIABLE: &str = "API_KEY_HELPER_RETRY_COUNT";

/// Where a source is used by itself. No profile is called so, and a lock on every profile covers it.
const NO_PROFILE: &str = "*";

/// A profile, ready to be used.
#[derive(Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// When a key may be printed.
    pub policy: Policy,
    /// How long callers go on using it.
    pub hold: Hold,
    /// The longest time of one call.
    pub deadline: Duration,
    /// What an early call means.
    pub on_rejection: OnRejection,
    /// In which form the key is printed.
    pub format: Format,
    /// Its sources, in order of preference.
    pub sources: Vec<Arc<ConfiguredSource>>,
}

/// A source as one profile uses it.
#[derive(Debug)]
pub struct ConfiguredSource {
    /// What its backend reads.
    pub table: SourceTable,
    /// The name of its backend.
    pub backend: String,
    /// Which entry is its own.
    pub id: EntryId,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// Attempts after the first one.
    pub retries: u32,
    /// How long a key lives whose answer does not say.
    pub lifetime: Option<Duration>,
    /// The sources whose keys are secret inputs of this one, by name. What several use is one value.
    pub uses: Vec<Arc<Self>>,
}

/// What decides how sources are asked, and those that are known by now.
struct Asking<'a> {
    profile: &'a str,
    settings: &'a ProfileSettings,
    variables: &'a FromVariables,
    known: BTreeMap<String, Arc<ConfiguredSource>>,
}

/// What the environment says, checked.
struct FromVariables {
    timeout: Option<Duration>,
    retries: Option<u32>,
    client_ttl: Option<Duration>,
}

impl Configuration {
    /// The profile `name`.
    ///
    /// # Errors
    /// Misconfigured: there is none, a source is missing, or a variable is not a number or sets what
    /// is locked.
    pub fn profile(&self, name: &str) -> Result<Profile, Error> {
        let settings = self.profile_settings(name)?;
        let variables = FromVariables::read(&self.variables)?;
        let names = settings.sources.clone().unwrap_or_default();
        let mut asking = Asking {
            profile: name,
            settings: &settings,
            variables: &variables,
            known: BTreeMap::new(),
        };
        let sources = names
            .iter()
            .map(|source| self.source(source, &mut asking))
            .collect::<Result<_, _>>()?;
        let policy = Policy::default();
        let or = |written: Option<Written>, default| written.map_or(default, |Written(time)| time);
        // Claude Code's variable, which `apply` writes, is no attempt on a lock: it only fills no gap.
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
                fixed: settings.hold.map(|Written(hold)| hold),
                claude_code: variables.client_ttl.unwrap_or(CLIENT_TTL_DEFAULT),
            },
            deadline: or(settings.deadline, DEADLINE),
            on_rejection: settings.on_rejection.unwrap_or_default(),
            format: Format {
                name: settings.format.unwrap_or_default(),
                headers: settings.headers,
                env: settings.env.unwrap_or_default(),
                username: settings.username.unwrap_or_default(),
                send_to: settings.send_to.unwrap_or_default(),
            },
            sources,
        })
    }

    /// The source `name` by itself, whichever profiles use it.
    ///
    /// # Errors
    /// Misconfigured: there is none.
    pub fn source_alone(&self, name: &str) -> Result<Arc<ConfiguredSource>, Error> {
        if !self.sources().iter().any(|source| source == name) {
            return Err(Error::misconfigured(format!("there is no source `{name}`"))
                .with_hint(known("sources", &self.sources())));
        }
        let settings = ProfileSettings::default();
        let variables = FromVariables::read(&self.variables)?;
        let known = BTreeMap::new();
        let mut asking =
            Asking { profile: NO_PROFILE, settings: &settings, variables: &variables, known };
        self.source(name, &mut asking)
    }

    /// Refuses a `place` on the command line or in the environment that sets what is locked.
    ///
    /// # Errors
    /// Misconfigured, naming both.
    pub fn check_unlocked(&self, key: &[&str], place: &str) -> Result<(), Error> {
        let key: Vec<String> = key.iter().map(ToString::to_string).collect();
        if self.locked.covers(&key) { Err(self.locked.refusal(&key, place)) } else { Ok(()) }
    }

    pub(super) fn profile_settings(&self, name: &str) -> Result<ProfileSettings, Error> {
        let Some(table) = self.table("profile", name) else {
            return Err(Error::misconfigured(format!("there is no profile `{name}`"))
                .with_hint(known("profiles", &self.profiles())));
        };
        let settings: ProfileSettings = table.read()?;
        let sources_key = ["sources".to_owned()];
        let sources = settings.sources.as_deref().unwrap_or_default();
        if sources.is_empty() {
            return Err(table
                .error(&sources_key, "a profile has at least one source")
                .with_hint(format!("add `sources = [\"NAME\"]` to `[profile.{name}]`")));
        }
        let known_sources = self.sources();
        let mut seen = BTreeSet::new();
        for source in sources {
            if !known_sources.contains(source) {
                return Err(table
                    .error(&sources_key, format!("there is no source `{source}`"))
                    .with_hint(known("sources", &known_sources)));
            }
            if !seen.insert(source) {
                let message = format!("source `{source}` is named twice");
                return Err(table.error(&sources_key, message).with_hint("name it once"));
            }
        }
        Ok(settings)
    }

    pub(super) fn source_settings(&self, name: &str) -> Result<SourceSettings, Error> {
        let table = self.table("source", name).unwrap_or_default();
        let settings: SourceSettings = table.read_some()?;
        if settings.backend.is_none() {
            return Err(table
                .error(&[], "a source has a `backend`")
                .with_hint(format!("add `backend = \"script\"` to `[source.{name}]`")));
        }
        Ok(settings)
    }

    /// The source `name` and those that it uses, which lead into no circle.
    fn source(&self, name: &str, asking: &mut Asking<'_>) -> Result<Arc<ConfiguredSource>, Error> {
        if let Some(known) = asking.known.get(name) {
            return Ok(Arc::clone(known));
        }
        let settings = self.source_settings(name)?;
        let variables = asking.variables;
        for (variable, key, is_set) in [
            (TIMEOUT_VARIABLE, "timeout", variables.timeout.is_some()),
            (RETRIES_VARIABLE, "retries", variables.retries.is_some()),
        ] {
            if is_set {
                let place = format!("the variable `{variable}`");
                self.check_unlocked(&["profile", asking.profile, key], &place)?;
                self.check_unlocked(&["source", name, key], &place)?;
            }
        }
        let table = self.table("source", name).unwrap_or_default();
        let uses = table.uses();
        let uses = uses
            .keys()
            .map(|used| self.source(used, asking))
            .collect::<Result<Vec<Arc<ConfiguredSource>>, _>>()?;
        let mut fingerprint = table.fingerprint(SourceSettings::is_part_of_identity);
        if !uses.is_empty() {
            let used = uses.iter().map(|used| &used.id.fingerprint);
            let parts = std::iter::once(&fingerprint).chain(used);
            fingerprint = Fingerprint::of(parts.map(|part| &part.as_bytes()[..]));
        }
        let time = |written: Option<Written>| written.map(|Written(time)| time);
        let source = Arc::new(ConfiguredSource {
            table: SourceTable::new(name, table, self.variables.clone(), self.locked.clone()),
            backend: settings.backend.unwrap_or_default(),
            id: EntryId { source: name.to_owned(), fingerprint },
            timeout: variables
                .timeout
                .or(time(settings.timeout))
                .or(time(asking.settings.timeout))
                .unwrap_or(TIMEOUT),
            retries: variables
                .retries
                .or(settings.retries)
                .or(asking.settings.retries)
                .unwrap_or(RETRIES),
            lifetime: time(settings.lifetime),
            uses,
        });
        asking.known.insert(name.to_owned(), Arc::clone(&source));
        Ok(source)
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

/// A whole number. Claude Code itself takes the digits at the beginning, so that `1h` would be a
/// millisecond: whoever writes that is told.
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

/// What there is instead of a name that is not there.
pub(super) fn known(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        format!("there are no {what} in the configuration; run `api-key-helper init`")
    } else {
        format!("known {what} are `{}`", names.join("`, `"))
    }
}
