//! Calls to the engine.

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
    /// Gets a key from the engine.
    pub(crate) async fn get(&self, demand: Demand, deadline: Duration) -> Outcome {
        let chain = self.environment.chain();
        // Time spent on a store that did not answer counts towards the call.
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

    /// Returns whether a call could be answered from the cache.
    pub(crate) async fn has_answer(&self) -> Result<bool, Error> {
        let call = self.call(Demand::Printable, Duration::ZERO, "");
        let found = self.in_world(async |world| at_once(world, &self.sources, &call).await).await;
        found.map(|found| found.is_some())
    }

    /// Returns whether other processes share their keys with this one.
    pub(crate) const fn shares_keys(&self) -> bool {
        self.has_state && self.seal.is_ok()
    }

    /// The key that a call would get from the cache.
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

    /// Calls the engine with this machine's clock, disk and inputs.
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

    /// The time for which this caller uses a key.
    pub(crate) fn hold(&self) -> Duration {
        let Profile { hold, .. } = &self.profile;
        let of_format = hold.fixed.is_none().then(|| api_key_helper_formats::hold(self.format));
        of_format
            .flatten()
            .unwrap_or_else(|| hold.of_caller(|name| self.environment.variable(name)))
    }

    /// Returns whether Claude Code is watched for keys that the API refuses.
    pub(crate) fn watches_rejection(&self) -> bool {
        self.profile.on_rejection == OnRejection::Refetch
    }
}
