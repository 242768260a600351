//! A source that can be asked.

use std::sync::Arc;
use std::time::Duration;

use api_key_helper_backend::Backend;
use api_key_helper_cache::PlannedSource;

/// A source that can be asked.
#[derive(Clone, Debug)]
pub struct Source {
    /// The source's identity, as the front knows it. Its variables are also those of the sources that
    /// it uses.
    pub planned: PlannedSource,
    /// The name of its backend.
    pub backend_name: String,
    /// Who asks.
    pub backend: Arc<dyn Backend>,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// Attempts after the first one.
    pub retries: u32,
    /// How long a key lives whose answer does not say.
    pub lifetime: Option<Duration>,
    /// The sources whose keys are secret inputs of this one. They are refreshed when it asks for them,
    /// with their own entries, locks, failure memories and attempts.
    pub uses: Vec<Arc<Self>>,
}

impl Source {
    /// The source as a link of the chain. Another configuration may have a source of the same name,
    /// which is another source.
    pub(super) fn link(&self) -> String {
        self.planned.id.stem()
    }

    /// The chain of sources that are being fetched, with this one as its last.
    pub(super) fn extend(&self, chain: &str) -> String {
        match chain {
            "" => self.link(),
            before => format!("{before},{}", self.link()),
        }
    }
}
