//! The profile's sources, and those that they use.

use api_key_helper_core::engine::Source;

use super::Session;

impl Session {
    /// All of them, each once, before those that it uses.
    pub(crate) fn all_sources(&self) -> Vec<&Source> {
        let mut found = Vec::new();
        for source in &self.sources {
            add(source, &mut found);
        }
        found
    }
}

fn add<'s>(source: &'s Source, found: &mut Vec<&'s Source>) {
    let name = &source.planned.id.source;
    if !found.iter().any(|known| known.planned.id.source == *name) {
        found.push(source);
        source.uses.iter().for_each(|used| add(used, found));
    }
}
