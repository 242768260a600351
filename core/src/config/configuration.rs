//! The files together: the user's over the system's, as far as that one allows it.

use std::path::PathBuf;

use serde::Deserialize;

use super::document::Document;
use super::located::Located;
use super::locked::Locked;
use super::source_table::Variables;
use crate::{Error, SealSetting};

/// A configuration file as it was read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Where it is; absolute.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Both configuration files, merged key by key, and the environment.
#[derive(Clone, Debug)]
pub struct Configuration {
    root: Located,
    pub(super) locked: Locked,
    pub(super) variables: Variables,
}

/// The keys of a configuration file.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[serde(default)]
struct Top {
    /// The profile that is used when none is asked for.
    ///
    /// Default: the only one.
    ///
    /// Also: `--profile`, which beats this.
    default_profile: Option<String>,
    /// Keys of the system's file that nothing else may set, such as `source.keys`.
    locked: Vec<String>,
    /// Profiles, each a named list of sources with a policy.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, super::ProfileSettings>")
    )]
    profile: toml::Table,
    /// Where the key is kept that seals the cache.
    ///
    /// Default: `"auto"`.
    seal: SealSetting,
    /// Sources, each a named use of a backend.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, super::SourceSettings>")
    )]
    source: toml::Table,
}

impl Configuration {
    /// Parses and merges the files.
    ///
    /// # Errors
    /// Misconfigured: what is not TOML, an unknown key, a wrong type, a name that is none, a key
    /// that the system's file locks, sources that use one another in a circle.
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
        let locked = Locked::read(&root, &locked)?;
        if let Some((path, place)) =
            user.places.iter().find(|(path, _)| is_setting(path) && locked.covers(path))
        {
            return Err(locked.refusal(path, &format!("`{place}`")));
        }
        overlay(&mut root, user);
        let configuration = Self { root, locked, variables };
        configuration.check()?;
        Ok(configuration)
    }

    /// A configuration file as a JSON schema. Of a source it has what all sources have.
    #[cfg(feature = "schema")]
    #[must_use]
    pub fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Top as schemars::JsonSchema>::json_schema(generator)
    }

    /// The name of the profile that is used when none is asked for.
    ///
    /// # Errors
    /// Misconfigured, when several are there and none is the default.
    pub fn default_profile(&self) -> Result<String, Error> {
        let top: Top = self.root.read()?;
        if let Some(name) = top.default_profile {
            return Ok(name);
        }
        let profiles: Vec<&String> = top.profile.keys().collect();
        match profiles[..] {
            [only] => Ok(only.clone()),
            [] => Err(Error::misconfigured("the configuration has no profile")
                .with_hint("add `[profile.default]` with `sources = [\"NAME\"]`")),
            [first, ..] => Err(Error::misconfigured(
                "there are several profiles, and no `default_profile` says which one is meant",
            )
            .with_hint(format!("add `default_profile = \"{first}\"`, or use `--profile`"))),
        }
    }

    /// Where the sealing key is kept.
    ///
    /// # Errors
    /// None any more: what is wrong was found when the files were parsed.
    pub fn seal(&self) -> Result<SealSetting, Error> {
        self.root.read::<Top>().map(|top| top.seal)
    }

    /// The names of all profiles, in alphabetical order.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        self.names("profile")
    }

    /// The names of all sources, in alphabetical order.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        self.names("source")
    }

    fn names(&self, section: &str) -> Vec<String> {
        let table = self.root.values.get(section).and_then(toml::Value::as_table);
        table.into_iter().flat_map(toml::Table::keys).cloned().collect()
    }

    /// The table `[SECTION.NAME]`.
    pub(super) fn table(&self, section: &str, name: &str) -> Option<Located> {
        let values = self.root.values.get(section)?.as_table()?.get(name)?.as_table()?.clone();
        let path = vec![section.to_owned(), name.to_owned()];
        let inner = self.root.places.iter().filter(|(place, _)| place.starts_with(&path));
        let places = inner.map(|(place, at)| (place[2..].to_vec(), at.clone())).collect();
        Some(Located { path, values, places })
    }

    fn check(&self) -> Result<(), Error> {
        let top: Top = self.root.read()?;
        for (section, tables) in [("profile", &top.profile), ("source", &top.source)] {
            for (name, value) in tables {
                let path = [section.to_owned(), name.clone()];
                if !is_name(name) {
                    return Err(self.root.error(&path, "is not a name").with_hint(
                        "names have 1 to 64 of the characters `a-z`, `0-9`, `_` and `-`, and begin \
                         with a letter or digit",
                    ));
                }
                if !value.is_table() {
                    let message = format!("is not a table; write `[{section}.{name}]`");
                    return Err(self.root.error(&path, message));
                }
            }
        }
        for name in self.profiles() {
            self.profile_settings(&name)?;
        }
        for name in self.sources() {
            self.source_settings(&name)?;
        }
        self.check_uses()
    }
}

fn document(file: Option<ConfigFile>) -> Result<Document, Error> {
    file.map_or_else(|| Ok(Document::default()), |file| Document::parse(file.path, &file.bytes))
}

/// Whether a name of a profile or a source matches `[a-z0-9][a-z0-9_-]{0,63}`. It becomes part of
/// file names.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 64
        && name.starts_with(is_first)
        && name.chars().all(|c| is_first(c) || c == '_' || c == '-')
}

/// `default_profile`, `profile.NAME.KEY`, `source.NAME.KEY`: what a file sets as a whole.
fn is_setting(path: &[String]) -> bool {
    match path {
        [top] => top != "profile" && top != "source",
        [_, _, _] => true,
        _ => false,
    }
}

/// Puts the settings of `user` over those of `base`.
fn overlay(base: &mut Located, user: Document) {
    for path in user.places.keys().filter(|path| is_setting(path)) {
        base.places.retain(|place, _| !place.starts_with(path));
    }
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
