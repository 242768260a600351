//! The merged configuration files: the user's settings override the system's, except for locked
//! ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use api_key_helper_backend::Variables;
use api_key_helper_cache::SealSetting;
use api_key_helper_tables::{Document, Located, Locked};
use api_key_helper_values::Error;
use serde::Deserialize;

use crate::definitions::{ProfileDefinition, SourceDefinition};
use crate::{locked, uses};

/// The content of a configuration file.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// The absolute path.
    pub path: PathBuf,
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// Whether it is not written yet: errors name no lines of it.
    pub is_draft: bool,
}

/// The two configuration files, merged key by key and checked, with the environment.
#[derive(Clone, Debug)]
pub struct Configuration {
    default_profile: Option<String>,
    seal: SealSetting,
    pub(super) profiles: BTreeMap<String, ProfileDefinition>,
    pub(super) sources: BTreeMap<String, Arc<SourceDefinition>>,
    pub(super) locked: Locked,
    pub(super) variables: Variables,
}

// Each table below is deserialised by itself, from the file's own values. These fields define the
// names, the type and the JSON schema.
/// The keys of a configuration file.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[serde(default)]
struct Top {
    /// The profile in use when the command line names none.
    ///
    /// Default: the only one.
    ///
    /// Also: `--profile`, which takes precedence.
    default_profile: Option<String>,
    /// Keys of the system's file that nothing else may set, such as `source.keys`.
    locked: Vec<String>,
    /// Profiles, each a named list of sources with a policy.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, crate::ProfileSettings>"))]
    profile: toml::Table,
    /// The place of the key that encrypts the cache: the system's store if it answers at once, else
    /// a file (`"auto"`; on macOS and Windows a file), only the store, or a file.
    ///
    /// Default: `"auto"`.
    seal: SealSetting,
    /// Sources, each a named use of a backend.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, crate::SourceSettings>"))]
    source: toml::Table,
}

impl Configuration {
    /// Parses and merges the files.
    ///
    /// # Errors
    /// `Misconfigured`: invalid TOML, an unknown key, a wrong type, an invalid name, a key that the
    /// system's file locks, or a cycle of sources.
    pub fn parse(
        system: Option<ConfigFile>,
        user: Option<ConfigFile>,
        variables: Variables,
    ) -> Result<Self, Error> {
        let system = document(system)?;
        let user = document(user)?;
        if let Some(place) = user.places.get(&["locked".to_owned()][..]) {
            return Err(Error::misconfigured(format!("{place}: `locked` has no effect here"))
                .with_hint("write it into `/etc/api-key-helper/config.toml`"));
        }
        let mut root = Located { path: Vec::new(), values: system.values, places: system.places };
        let Top { locked, .. } = root.read()?;
        let locked = locked::read(&root, &locked)?;
        if let Some((path, place)) =
            user.places.iter().find(|(path, _)| is_setting(path) && locked.covers(path))
        {
            return Err(locked.refusal(path, &format!("`{place}`")));
        }
        overlay(&mut root, user);
        let Top { default_profile, seal, .. } = root.read()?;
        let profiles = tables(&mut root, "profile")?;
        let sources = uses::link(tables(&mut root, "source")?)?;
        let profiles = profiles
            .into_iter()
            .map(|(name, table)| Ok((name, ProfileDefinition::read(&table, &sources)?)))
            .collect::<Result<_, Error>>()?;
        Ok(Self { default_profile, seal, profiles, sources, locked, variables })
    }

    /// Returns the JSON schema of a configuration file, with the settings that all sources have.
    #[cfg(feature = "schema")]
    #[must_use]
    pub fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Top as schemars::JsonSchema>::json_schema(generator)
    }

    /// Returns the name of the profile that is used when none is named.
    ///
    /// # Errors
    /// `Misconfigured`: there are several, and none is the default.
    pub fn default_profile(&self) -> Result<&str, Error> {
        if let Some(name) = &self.default_profile {
            return Ok(name);
        }
        let mut names = self.profiles.keys();
        match (names.next(), names.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Error::misconfigured("the configuration has no profile")
                .with_hint("add `[profile.default]` with `sources = [\"NAME\"]`")),
            (Some(first), Some(_)) => Err(Error::misconfigured(
                "there are several profiles, and no `default_profile` selects one",
            )
            .with_hint(format!("add `default_profile = \"{first}\"`, or use `--profile`"))),
        }
    }

    /// Returns the store of the cache encryption key.
    #[must_use]
    pub const fn seal(&self) -> SealSetting {
        self.seal
    }

    /// Returns the names of all profiles, in alphabetical order.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        self.profiles.keys().cloned().collect()
    }

    /// Returns the names of all sources, in alphabetical order.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        self.sources.keys().cloned().collect()
    }

    /// Returns the names of the sources that use `name`, directly or through others, in
    /// alphabetical order. They may belong to any profile.
    #[must_use]
    pub fn dependents(&self, name: &str) -> Vec<String> {
        let dependents = self.sources.iter().filter(|(_, source)| source.inner.contains(name));
        dependents.map(|(dependent, _)| dependent.clone()).collect()
    }

    /// Refuses a `place` on the command line or in the environment that sets a locked key.
    ///
    /// # Errors
    /// `Misconfigured`, with both places.
    pub fn check_unlocked(&self, key: &[&str], place: &str) -> Result<(), Error> {
        let key: Vec<String> = key.iter().map(ToString::to_string).collect();
        if self.locked.covers(&key) { Err(self.locked.refusal(&key, place)) } else { Ok(()) }
    }
}

/// Takes the tables `[SECTION.NAME]` out of `root`, by their names.
fn tables(root: &mut Located, section: &str) -> Result<BTreeMap<String, Located>, Error> {
    let mut tables = BTreeMap::new();
    let Some(toml::Value::Table(values)) = root.values.remove(section) else { return Ok(tables) };
    for (name, value) in values {
        let path = vec![section.to_owned(), name];
        let name = &path[1];
        if !is_name(name) {
            return Err(root.error(&path, "is not a valid name").with_hint(
                "a name has 1 to 64 characters of `a-z`, `0-9`, `_` and `-`, and begins with a \
                 letter or digit",
            ));
        }
        let toml::Value::Table(values) = value else {
            let message = format!("is not a table; write `[{section}.{name}]`");
            return Err(root.error(&path, message));
        };
        // The map is sorted, so the keys in a table follow it.
        let inner = root.places.range(path.clone()..);
        let inner = inner.take_while(|(place, _)| place.starts_with(&path));
        let places = inner.map(|(place, at)| (place[2..].to_vec(), at.clone())).collect();
        tables.insert(name.clone(), Located { path, values, places });
    }
    Ok(tables)
}

fn document(file: Option<ConfigFile>) -> Result<Document, Error> {
    let Some(ConfigFile { path, bytes, is_draft }) = file else { return Ok(Document::default()) };
    let parse = if is_draft { Document::parse_draft } else { Document::parse };
    parse(path, &bytes)
}

/// Returns whether the name of a profile or a source matches `[a-z0-9][a-z0-9_-]{0,63}`. It becomes
/// part of file names.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 64
        && name.starts_with(is_first)
        && name.chars().all(|c| is_first(c) || c == '_' || c == '-')
}

/// Returns whether the path is a setting that a file overrides as a whole: `default_profile`,
/// `profile.NAME.KEY`, `source.NAME.KEY`.
fn is_setting(path: &[String]) -> bool {
    match path {
        [top] => top != "profile" && top != "source",
        [_, _, _] => true,
        _ => false,
    }
}

/// Overrides the settings of `base` with those of `user`.
fn overlay(base: &mut Located, user: Document) {
    base.places.retain(|place, _| {
        let around = (1..=place.len()).map(|length| &place[..length]);
        !around.into_iter().any(|path| is_setting(path) && user.places.contains_key(path))
    });
    merge(&mut base.values, user.values, 3);
    base.places.extend(user.places);
}

fn merge(base: &mut toml::Table, over: toml::Table, depth: u32) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(over)) if depth > 1 => {
                merge(base, over, depth - 1);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
