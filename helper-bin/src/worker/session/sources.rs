//! The profile's sources, and those that they use.

use api_key_helper_core::engine::Source;

use super::Session;

impl Session {
    /// All of them, each once, and after those that it uses.
    pub(crate) fn all_sources(&self) -> Vec<&Source> {
        let mut found = Vec::new();
        for source in &self.sources {
            add(source, &mut found);
        }
        found
    }

    /// Whether a source is asked by the profile itself, and not only because another one uses it.
    pub(crate) fn is_of_profile(&self, source: &Source) -> bool {
        self.sources.iter().any(|own| own.planned.id == source.planned.id)
    }
}

fn add<'s>(source: &'s Source, found: &mut Vec<&'s Source>) {
    if found.iter().any(|known| known.planned.id == source.planned.id) {
        return;
    }
    source.uses.iter().for_each(|used| add(used, found));
    found.push(source);
}
