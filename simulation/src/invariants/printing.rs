//! Invariants about printed keys.

use std::time::Duration;

use api_key_helper_cache::{Demand, Hit, KeyId, Step};
use api_key_helper_values::{Key, Moment, Secret};

use super::calling::How;
use super::keys::key_number;
use super::{Issue, IssuedKey};
use crate::profile::{Profile, Slot};
use crate::universe::{Pid, Universe};

/// A refused key is replaced once for all callers within this time.
const REFETCH_PAUSE: Duration = Duration::from_secs(10);

impl Universe {
    /// Checks the result of a front against `step`, the decision of the rule for the files on disk.
    pub(crate) fn fronts(&mut self, pid: Pid, step: Step, hit: Option<&Hit>) {
        let hit = hit.map(|hit| (hit.source, hit.refresh));
        let by_the_rule = match step {
            Step::Print { source, then_refresh } => Some((source, then_refresh)),
            _ => None,
        };
        if hit != by_the_rule {
            self.breaks("a-front-follows-the-rule", format_args!("{pid}: {hit:?}, not {step:?}"));
        }
    }

    /// Checks a key that a process prints.
    pub(crate) fn prints(&mut self, pid: Pid, key: &Key, key_id: KeyId, how: How) {
        self.ledger.printed += 1;
        self.ledger.last_printed = Some(key_id);
        self.tell(&pid.to_string(), format_args!("prints {} ({how:?})", key.expose()));
        let Some(number) = key_number(key.expose()) else {
            self.breaks("own-keys", format_args!("{pid} printed what nobody gave it"));
            return;
        };
        self.is_another(pid, number, key_id, how);
        let Some(status) = self.processes.get(&pid) else { return };
        let Some(IssuedKey { slot, scope, issues }) = self.ledger.keys.get(number) else { return };
        let (slot, looked, profile) = (*slot, status.looked, &status.profile);
        let own = profile.sources.iter().find(|settings| settings.slot == slot);
        let mine = own.map(|settings| settings.scope(status.environment));
        let is_own = mine == Some(*scope);
        let has_ended =
            issues.iter().all(|issue| issue.expires_at.is_some_and(|end| looked >= end));
        let since_look = self.clock.uptime - status.looked_at;
        let is_old_look = since_look > status.disk_time_since_look;
        let may = |issue: &Issue| may_print(profile, status.demand, issue, how, looked);
        let is_within = issues.iter().any(may);
        let newest = issues.last().map_or(0, |issue| issue.step);
        let after =
            |end: Option<&u64>| end.is_some_and(|end| newest < *end && *end < status.started);
        let was_refused = after(self.ledger.refused.get(&(slot, *scope)));
        let was_given_back = after(self.ledger.signed_out.get(&slot));
        let issues = issues.clone();
        let checks = [
            ("own-keys", !is_own),
            ("never-past-its-end", has_ended),
            ("never-past-its-end", is_old_look),
            ("within-policy", !is_within),
            ("no-refused-key", was_refused),
            ("signed-out-is-gone", was_given_back),
        ];
        for (invariant, is_broken) in checks {
            if is_broken {
                let how =
                    format_args!("{pid} printed key-{number} ({how:?}) at {looked:?}: {issues:?}");
                self.breaks(invariant, how);
            }
        }
    }

    /// Records that a source uses the key of another one. Returns whether it was used before.
    pub(crate) fn takes(&mut self, pid: Pid, slot: Slot, key: &Secret) -> bool {
        let Some(number) = key_number(key.expose()) else {
            self.breaks("own-keys", format_args!("{pid} takes what nobody gave it"));
            return false;
        };
        let Some(status) = self.processes.get(&pid) else { return false };
        let IssuedKey { slot: of, scope, issues } = &self.ledger.keys[number];
        let looked = status.looked;
        let mine = status.profile.settings(slot).map(|settings| settings.scope(status.environment));
        let has_ended =
            issues.iter().all(|issue| issue.expires_at.is_some_and(|end| looked >= end));
        let newest = issues.last().map_or(0, |issue| issue.step);
        let after =
            |end: Option<&u64>| end.is_some_and(|end| newest < *end && *end < status.started);
        let checks = [
            ("own-keys", *of != slot || mine != Some(*scope)),
            ("never-past-its-end", has_ended),
            ("no-refused-key", after(self.ledger.refused.get(&(slot, *scope)))),
            ("signed-out-is-gone", after(self.ledger.signed_out.get(&slot))),
        ];
        for (invariant, is_broken) in checks {
            if is_broken {
                self.breaks(invariant, format_args!("{pid} takes key-{number} at {looked:?}"));
            }
        }
        !self.ledger.taken.insert(number)
    }

    /// Checks that a refused key is printed again only if its source has issued it again.
    fn is_another(&mut self, pid: Pid, number: usize, key_id: KeyId, how: How) {
        let Some(status) = self.processes.get(&pid) else { return };
        if status.demand != Some(Demand::Another(key_id)) || how == How::Fetched {
            return;
        }
        // The source may have issued another key a moment ago, for another process.
        let looked = status.looked;
        let is_recent = |at: Moment| at <= looked && looked.since(at) < REFETCH_PAUSE;
        let slot = self.ledger.keys[number].slot;
        let keys = self.ledger.keys.iter().filter(|key| key.slot == slot);
        let mut refetched = keys.flat_map(|key| &key.issues).filter(|issue| issue.is_refetched);
        if how == How::Bridged || !refetched.any(|issue| is_recent(issue.fetched_at)) {
            let refused = format_args!("{pid} prints key-{number}, which the API refuses");
            self.breaks("no-refused-key", refused);
        }
    }
}

/// Implements the promise of `docs/architecture.md` a second time, independently of the rule.
fn may_print(
    profile: &Profile,
    demand: Option<Demand>,
    issue: &Issue,
    how: How,
    now: Moment,
) -> bool {
    let Profile { policy, hold, .. } = profile;
    let Issue { fetched_at, expires_at, .. } = *issue;
    let bridge = policy.stale_if_error.max(policy.stale_while_revalidate);
    match how {
        How::Fetched => true,
        How::Bridged => now < fetched_at.plus(policy.ttl).plus(bridge),
        How::Cached => {
            if let Some(Demand::FetchedSince(since)) = demand {
                return fetched_at >= since;
            }
            let due =
                if *hold >= policy.ttl { Duration::ZERO } else { policy.stale_while_revalidate };
            let is_young = now >= fetched_at && now < fetched_at.plus(policy.ttl).plus(due);
            let has_reserve = expires_at.is_none_or(|end| {
                let reserve = (*hold + Duration::from_secs(30)).min(end.since(fetched_at) / 2);
                now < end.minus(reserve)
            });
            is_young && has_reserve
        }
    }
}
