//! Which keys may be printed, and when a call must have ended.

use std::time::Duration;

use api_key_helper_core::engine::{Call, Demand, Outcome};
use api_key_helper_core::{ErrorKind, Key, KeyId, Moment};

use super::asking::REFETCH_PAUSE;
use super::{Issue, IssuedKey};
use crate::issuer::Lie;
use crate::profile::{Profile, Slot};
use crate::universe::{Pid, Universe};

/// How a key came to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// From the disk, with nothing to say.
    Cached,
    /// From the disk, with a warning.
    Bridged,
    /// It has just been fetched.
    Fetched,
}

impl Universe {
    /// A process is given a new key, or one that was given out before.
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
        // A fetch counts from the question, a login from the answer.
        let fetched_at = if status.demand.is_some() { asked.asked_at } else { Some(now) };
        let fetched_at = fetched_at.unwrap_or(now);
        let ends_at = settings.lifetime.map(|lifetime| fetched_at.plus(lifetime));
        let issue = Issue { step: self.steps, fetched_at, expires_at: expires_at.or(ends_at) };
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
        number
    }

    /// A call begins.
    pub(crate) fn calls(&mut self, pid: Pid, demand: Demand) {
        self.tell(&pid.to_string(), format_args!("asks the engine: {demand:?}"));
        if let Some(status) = self.processes.get_mut(&pid) {
            status.demand = Some(demand);
        }
    }

    /// A call has ended, having begun at `began`, when the process had waited `waited` for the disk.
    pub(crate) fn ends(
        &mut self,
        pid: Pid,
        call: &Call<'_>,
        outcome: &Outcome,
        (began, waited): (Duration, Duration),
    ) {
        let took = self.clock.uptime - began;
        let Some(status) = self.processes.get(&pid) else { return };
        let disk_time = status.disk_time - waited;
        if took > call.deadline + disk_time {
            self.breaks(
                "calls-end",
                format_args!("{pid} took {took:?}, {disk_time:?} for the disk: {call:?}"),
            );
        }
        let how = self.how(pid, outcome);
        self.settles(pid, outcome, how);
        match &outcome.answer {
            Ok(answer) => {
                // What happens behind an answer prints nothing.
                if let Some(how) = how.filter(|_| call.demand != Demand::Fresh) {
                    self.is_another(pid, call.demand, answer.key_id, how);
                    self.prints(pid, &answer.key, answer.key_id, how);
                }
                self.last_end = Some(Ok(()));
            }
            Err(error) => {
                let (kind, message) = (error.kind(), error.message());
                self.tell(&pid.to_string(), format_args!("fails: {}: {message}", kind.name()));
                self.last_end = Some(Err(kind));
            }
        }
    }

    /// A process prints a key.
    pub(crate) fn prints(&mut self, pid: Pid, key: &Key, key_id: KeyId, how: How) {
        self.ledger.printed += 1;
        self.ledger.last_printed = Some(key_id);
        self.tell(&pid.to_string(), format_args!("prints {} ({how:?})", key.expose()));
        let Some(number) = key_number(key) else {
            self.breaks("own-keys", format_args!("{pid} printed what nobody gave it"));
            return;
        };
        let Some(status) = self.processes.get(&pid) else { return };
        let Some(IssuedKey { slot, scope, issues }) = self.ledger.keys.get(number) else { return };
        let (slot, looked, profile) = (*slot, status.looked, &status.profile);
        let mine = profile.settings(slot).map(|settings| settings.scope(status.environment));
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

    /// A key that the API refuses is given once more only by its source.
    fn is_another(&mut self, pid: Pid, demand: Demand, key_id: KeyId, how: How) {
        if demand != Demand::Another(key_id) || how == How::Fetched {
            return;
        }
        let Some(looked) = self.processes.get(&pid).map(|status| status.looked) else { return };
        // Its source has just been asked for somebody else.
        let mut issues = self.ledger.keys.iter().flat_map(|key| &key.issues);
        let is_recent = |at: Moment| at <= looked && looked.since(at) < REFETCH_PAUSE;
        if how == How::Bridged || !issues.any(|issue| is_recent(issue.fetched_at)) {
            self.breaks(
                "no-refused-key",
                format_args!("{pid} prints {key_id:?}, which is refused"),
            );
        }
    }

    /// How the answer came to be one.
    fn how(&self, pid: Pid, outcome: &Outcome) -> Option<How> {
        let key = key_number(&outcome.answer.as_ref().ok()?.key);
        if outcome.warnings.iter().any(|warning| warning.starts_with("using the key")) {
            return Some(How::Bridged);
        }
        let mut asked = self.processes.get(&pid)?.asked.values();
        let was_fetched = key.is_some() && asked.any(|asked| asked.key == key);
        Some(if was_fetched { How::Fetched } else { How::Cached })
    }

    /// What a call leaves on the disk: failures, or the entry of the key that it fetched.
    fn settles(&mut self, pid: Pid, outcome: &Outcome, how: Option<How>) {
        let Some(status) = self.processes.get(&pid) else { return };
        let printed = outcome.answer.as_ref().ok().and_then(|answer| key_number(&answer.key));
        // What the disk refused may be there or not, and a pause counts by the clock.
        let is_certain =
            status.refusals == 0 && status.jumps == self.clock.jumps && self.are_locks_good();
        let (environment, profile) = (status.environment, status.profile.clone());
        for (slot, asked) in status.asked.clone() {
            let Some(settings) = profile.settings(slot) else { continue };
            let scope = settings.scope(environment);
            if self.ledger.fetches.get(&slot) != Some(&asked.fetch) {
                continue;
            }
            if let Some(failed) = asked.failed.filter(|_| is_certain) {
                self.remembers(slot, scope, asked.before, failed);
                if failed.kind == ErrorKind::Denied {
                    self.ledger.refused.insert((slot, scope), self.steps);
                }
            }
            if is_certain && how == Some(How::Fetched) && asked.key == printed {
                if let Some(renewal) = asked.renewal {
                    self.keeps(pid, slot, renewal);
                }
                self.is_durable(pid, &settings.entry_file);
            }
        }
    }
}

/// The promise of `docs/architecture.md`, said once more in other words.
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

/// The number of a key that one of our issuers made.
pub(super) fn key_number(key: &Key) -> Option<usize> {
    key.expose().strip_prefix("key-")?.parse().ok()
}
