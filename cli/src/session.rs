//! A session: paths, configuration and profile, with which every command starts.

mod asking;
pub(crate) mod config_file;
pub(crate) mod configured;
pub(crate) mod nowhere;
mod opening;
mod plan;
mod sealing;
mod sign_in;

use std::path::PathBuf;

use api_key_helper_cache::SourcePlan;
use api_key_helper_config::{Configuration, Profile};
use api_key_helper_core::{Clock as _, Source};
use api_key_helper_formats::FormatName;
use api_key_helper_system::{Places, StateFolder};
use api_key_helper_values::{Fingerprint, Moment};

use self::configured::Mistake;
use self::nowhere::Nowhere;
pub(crate) use self::opening::{files, no_configuration, places};
use crate::backends::Backends;
use crate::environment::Environment;
use crate::seal::{Homes, InUse};
use crate::world::MachineClock;

/// The state of one run of the worker.
pub(crate) struct Session {
    pub(crate) environment: Environment,
    backends: Backends,
    pub(crate) clock: MachineClock,
    pub(crate) places: Places,
    pub(crate) folder: StateFolder,
    /// The configuration files that exist.
    pub(crate) config_paths: Vec<PathBuf>,
    pub(crate) configuration: Configuration,
    pub(crate) profile: Profile,
    /// The format of the key.
    pub(crate) format: FormatName,
    pub(crate) sources: Vec<Source>,
    /// The sources' plans, which hold for every environment.
    plans: Vec<SourcePlan>,
    pub(crate) homes: Homes,
    /// The sealing keys, or a null disk if there can be none.
    pub(crate) seal: Result<InUse, Nowhere>,
    /// Warnings for the user.
    pub(crate) warnings: Vec<String>,
    /// Questionable settings of the sources: shown by `status`, and not at each call.
    pub(crate) cautions: Vec<String>,
    /// The sources with invalid settings. Only `doctor` continues with any.
    pub(crate) mistakes: Vec<Mistake>,
    /// The fingerprint of the plan that is compiled for the front.
    pub(crate) plan_inputs: Fingerprint,
    /// Set if the state folder can be used.
    has_state: bool,
}

impl Session {
    /// All sources of the profile and those that they use, each once, after those that it uses.
    pub(crate) fn all_sources(&self) -> Vec<&Source> {
        let mut found = Vec::new();
        for source in &self.sources {
            add_with_used(source, &mut found);
        }
        found
    }

    /// Returns whether the profile itself asks a source, and not only another source that uses it.
    pub(crate) fn is_of_profile(&self, source: &Source) -> bool {
        self.sources.iter().any(|own| own.planned.id == source.planned.id)
    }
}

fn add_with_used<'s>(source: &'s Source, found: &mut Vec<&'s Source>) {
    if found.iter().any(|known| known.planned.id == source.planned.id) {
        return;
    }
    source.uses.iter().for_each(|used| add_with_used(used, found));
    found.push(source);
}

/// The current time, for code outside of a call.
pub(crate) fn now(clock: &MachineClock) -> Moment {
    clock.now()
}
