//! What a run of the worker asks the engine, and by which terms.

use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_config::{OnRejection, Profile};
use api_key_helper_core::{Call, Clock as _, Disk, OnDisk, Outcome, World, at_once, get, on_disk};
use api_key_helper_values::{Error, ErrorKind};

use super::Session;
use crate::inputs::MachineInputs;
use crate::journal::LogFile;
use crate::world::SystemChance;

impl Session {
    /// Asks the engine.
    pub(crate) async fn get(&self, demand: Demand, deadline: Duration) -> Outcome {
        let chain = self.environment.chain();
        // What was spent on a store that did not answer is a part of the call too.
        let deadline = deadline.saturating_sub(self.clock.uptime());
        let call = self.call(demand, deadline, &chain);
        let mut outcome = self.in_world(async |world| get(world, &self.sources, &call).await).await;
        if let Err(error) = &mut outcome.answer
            && error.kind() == ErrorKind::NeedsLogin
            && let Some(hint) = self.rather_unlock()
        {
            *error = error.clone().with_hint(hint);
        }
        outcome
    }

    /// Whether a call would be answered without asking anybody.
    ///
    /// # Errors
    /// Misconfigured, for a file that is not ours.
    pub(crate) async fn has_answer(&self) -> Result<bool, Error> {
        let call = self.call(Demand::Printable, Duration::ZERO, "");
        let found = self.in_world(async |world| at_once(world, &self.sources, &call).await).await;
        found.map(|found| found.is_some())
    }

    /// Whether a key that another process fetches is there for this one.
    pub(crate) const fn shares_keys(&self) -> bool {
        self.has_state && self.seal.is_ok()
    }

    /// The key that a call would be answered with, if nobody had to be asked for it.
    ///
    /// # Errors
    /// Misconfigured, for a file that is not ours.
    pub(crate) async fn on_disk(&self) -> Result<Option<OnDisk>, Error> {
        let call = self.call(Demand::Printable, Duration::ZERO, "");
        self.in_world(async |world| on_disk(world, &self.sources, &call).await).await
    }

    fn call<'a>(&'a self, demand: Demand, deadline: Duration, chain: &'a str) -> Call<'a> {
        Call {
            profile: &self.profile.name,
            policy: &self.profile.policy,
            hold: self.hold(),
            deadline,
            demand,
            chain,
        }
    }

    /// Acts in the engine's world on this machine.
    pub(crate) async fn in_world<T>(&self, act: impl AsyncFnOnce(World<'_>) -> T) -> T {
        let (seal, older) = self.seals();
        let disk: &dyn Disk = match &self.seal {
            Ok(_) => &self.folder,
            Err(nowhere) => nowhere,
        };
        act(World {
            clock: &self.clock,
            chance: &SystemChance,
            disk,
            seal,
            older,
            inputs: &MachineInputs { environment: &self.environment },
            journal: &LogFile { folder: &self.folder },
            variable: &|name| self.environment.variable(name),
        })
        .await
    }

    /// How long this caller goes on using a key.
    pub(crate) fn hold(&self) -> Duration {
        let Profile { hold, .. } = &self.profile;
        let of_format = hold.fixed.is_none().then(|| api_key_helper_formats::hold(self.format));
        of_format
            .flatten()
            .unwrap_or_else(|| hold.of_caller(|name| self.environment.variable(name)))
    }

    /// Whether Claude Code is watched for keys that the API refuses.
    pub(crate) fn watches_rejection(&self) -> bool {
        self.profile.on_rejection == OnRejection::Refetch
    }
}
