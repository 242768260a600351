//! The keys that the issuers give out.

use api_key_helper_cache::Demand;
use api_key_helper_values::Moment;

use super::{Issue, IssuedKey};
use crate::issuer::Lie;
use crate::profile::Slot;
use crate::universe::{Pid, Universe};

impl Universe {
    /// Records a key that a process receives, which may have been given out before.
    pub(crate) fn delivers(
        &mut self,
        pid: Pid,
        slot: Slot,
        expires_at: Option<Moment>,
        lie: Option<Lie>,
    ) -> usize {
        let now = self.clock.wall();
        let Some(status) = self.processes.get_mut(&pid) else { return 0 };
        let profile = status.profile.clone();
        let Some(settings) = profile.settings(slot) else { return 0 };
        let scope = settings.scope(status.environment);
        let asked = status.asked.entry(slot).or_default();
        // The age of a fetched key counts from the request, that of a login from the response.
        let fetched_at = if status.demand.is_some() { asked.asked_at } else { Some(now) };
        let fetched_at = fetched_at.unwrap_or(now);
        let ends_at = settings.lifetime.map(|lifetime| fetched_at.plus(lifetime));
        let issue = Issue {
            step: self.steps,
            jumps: self.clock.jumps,
            fetched_at,
            expires_at: expires_at.or(ends_at),
            is_refetched: matches!(status.demand, Some(Demand::Another(_))),
        };
        let keys = &mut self.ledger.keys;
        let same = keys.iter().rposition(|key| key.slot == slot && key.scope == scope);
        let number = match same.filter(|_| lie == Some(Lie::SameKey)) {
            Some(number) => {
                keys[number].issues.push(issue);
                number
            }
            None => {
                keys.push(IssuedKey { slot, scope, issues: vec![issue] });
                keys.len() - 1
            }
        };
        asked.key = Some(number);
        // A key that expired on its way is requested again.
        if issue.expires_at.is_none_or(|end| end > now) {
            self.is_the_only_test(pid, slot);
        }
        number
    }

    /// Checks that a refusal of the source that uses `slot` costs at most one key, if that key can
    /// be saved.
    fn is_the_only_test(&mut self, pid: Pid, slot: Slot) {
        let Some(status) = self.processes.get_mut(&pid) else { return };
        let Some(user) = status.profile.user_of(slot).map(|user| user.slot) else { return };
        let is_certain = status.refusals == 0 && !self.issuers[user.issuer].takes_once;
        let Some(asked) = status.asked.get_mut(&user).filter(|user| user.refusal.is_some()) else {
            return;
        };
        asked.tests += 1;
        if asked.tests > 1 && is_certain {
            let tests = asked.tests;
            self.breaks("a-refusal-costs-one-key", format_args!("{pid}: {tests} of {slot:?}"));
        }
    }
}

/// Returns the number of a key of our issuers.
pub(super) fn key_number(key: &str) -> Option<usize> {
    key.strip_prefix("key-")?.parse().ok()
}
