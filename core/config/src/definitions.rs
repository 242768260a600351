//! Profiles and sources as the files define them, independent of the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api_key_helper_backend::source_settings::SourceSettings;
use api_key_helper_cache::EntryId;
use api_key_helper_tables::Located;
use api_key_helper_values::Error;

use crate::settings::ProfileSettings;

/// A `[profile.NAME]`.
#[derive(Clone, Debug)]
pub(super) struct ProfileDefinition {
    /// The settings without `sources`.
    pub(super) settings: ProfileSettings,
    /// The sources, in order of preference.
    pub(super) sources: Vec<Arc<SourceDefinition>>,
}

/// A `[source.NAME]`.
#[derive(Debug)]
pub(super) struct SourceDefinition {
    pub(super) id: EntryId,
    pub(super) backend: String,
    /// The settings without `backend`.
    pub(super) settings: SourceSettings,
    pub(super) table: Located,
    /// The sources whose keys are secret inputs of this one, in alphabetical order.
    pub(super) uses: Vec<Arc<Self>>,
    /// The names of all sources that this one uses, directly or through others.
    pub(super) inner: BTreeSet<String>,
    /// The number of sources in the longest chain that begins here.
    pub(super) chain: usize,
}

impl ProfileDefinition {
    /// Reads `table`, a profile that uses some of `sources`.
    pub(super) fn read(
        table: &Located,
        sources: &BTreeMap<String, Arc<SourceDefinition>>,
    ) -> Result<Self, Error> {
        let mut settings: ProfileSettings = table.read()?;
        let names = settings.sources.take().unwrap_or_default();
        let key = ["sources".to_owned()];
        if names.is_empty() {
            return Err(table
                .error(&key, "a profile needs at least one source")
                .with_hint(format!("add `sources = [\"NAME\"]` to `[{}]`", table.path.join("."))));
        }
        let mut seen = BTreeSet::new();
        let mut used = Vec::new();
        for name in &names {
            let Some(source) = sources.get(name) else {
                return Err(table
                    .error(&key, format!("there is no source `{name}`"))
                    .with_hint(known("sources", sources.keys())));
            };
            if !seen.insert(name) {
                let message = format!("source `{name}` is named twice");
                return Err(table.error(&key, message).with_hint("name it once"));
            }
            used.push(Arc::clone(source));
        }
        Ok(Self { settings, sources: used })
    }
}

/// Returns a hint with the existing names.
pub(super) fn known<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        format!("there are no {what} in the configuration; run `api-key-helper init`")
    } else {
        format!("known {what} are `{}`", names.join("`, `"))
    }
}
