//! A source as the engine asks it.

use std::sync::Arc;
use std::time::Duration;

use api_key_helper_backend::Backend;
use api_key_helper_cache::PlannedSource;

/// A source with its backend and settings.
#[derive(Clone, Debug)]
pub struct Source {
    /// The source's identity, as the front knows it. Its variables include those of the sources
    /// that it uses.
    pub planned: PlannedSource,
    /// The name of its backend.
    pub backend_name: String,
    /// The backend that asks the server.
    pub backend: Arc<dyn Backend>,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// Attempts after the first one.
    pub retries: u32,
    /// The lifetime of a key whose answer names none.
    pub lifetime: Option<Duration>,
    /// The sources whose keys are secret inputs of this one. They are refreshed when it asks for
    /// them, with their own entries, locks, cooldowns and attempts.
    pub uses: Vec<Arc<Self>>,
}

impl Source {
    /// The source as a link of the chain. The stem tells it from a source of the same name in
    /// another configuration.
    pub(super) fn link(&self) -> String {
        self.planned.id.stem()
    }

    /// Appends this source to the chain.
    pub(super) fn extend(&self, chain: &str) -> String {
        match chain {
            "" => self.link(),
            before => format!("{before},{}", self.link()),
        }
    }
}
