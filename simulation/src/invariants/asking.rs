//! Invariants about requests to a source.

use std::time::Duration;

use api_key_helper_cache::{Demand, Step, decide};
use api_key_helper_values::{Error, ErrorKind};

use super::Remembered;
use crate::profile::{Slot, Terms};
use crate::renewal::Renewal;
use crate::scenario::Locks;
use crate::universe::{Asked, Failed, Pid, Status, Universe};

/// The longest cooldown without a usable key. The longer ones with a key are not checked here.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Universe {
    /// Checks an attempt that begins.
    pub(crate) fn asks(&mut self, pid: Pid, slot: Slot, renewal: Option<Renewal>) {
        let sent = renewal.map_or_else(|| "nothing".to_owned(), |renewal| renewal.to_string());
        self.tell(&pid.to_string(), format_args!("asks {slot:?} with {sent}"));
        self.ledger.attempts += 1;
        let at = self.clock.uptime;
        self.is_the_only_one(slot);
        self.follows_the_rule(pid, slot);
        self.is_not_in_its_pause(pid, slot);
        self.is_within_its_attempts(pid, slot);
        self.sends(pid, slot, renewal);
        let fetch = self.ledger.fetches.entry(slot).or_default();
        *fetch += 1;
        let fetch = *fetch;
        let is_known_to_fail = self.failure_in_force(pid, slot).is_some();
        // Until this attempt has ended, the remembered failure is uncertain.
        let before = self.ledger.failures.remove(&slot);
        if let Some(status) = self.processes.get_mut(&pid) {
            let asked = status.asked.entry(slot).or_default();
            *asked = Asked {
                attempts: asked.attempts + 1,
                asked_at: Some(status.looked),
                is_known_to_fail: asked.is_known_to_fail || is_known_to_fail,
                before: before.or(asked.before),
                fetch,
                // An attempt that is dropped without a response has timed out.
                refusal: asked.refusal.or(asked.failed.filter(|failed| is_refusal(failed.kind))),
                failed: Some(Failed { kind: ErrorKind::Transient, retry_after: None, at }),
                ..*asked
            };
        }
    }

    /// Records that an attempt has ended, or was given up.
    pub(crate) fn lands(&mut self, slot: Slot) {
        if let Some(flights) = self.ledger.flights.get_mut(&slot) {
            *flights -= 1;
        }
    }

    /// Records the response to an attempt.
    pub(crate) fn answered(&mut self, pid: Pid, slot: Slot, outcome: Result<(), &Error>) {
        let now = self.clock.uptime;
        match outcome {
            Ok(()) => {
                self.tell(&pid.to_string(), format_args!("has a key of {slot:?}"));
                if let Some(status) = self.processes.get_mut(&pid) {
                    status.asked.entry(slot).or_default().failed = None;
                }
            }
            Err(error) => {
                let (kind, retry_after) = (error.kind(), error.retry_after());
                self.tell(&pid.to_string(), format_args!("has {kind:?} of {slot:?}: {error:?}"));
                if let Some(status) = self.processes.get_mut(&pid) {
                    let asked = status.asked.entry(slot).or_default();
                    asked.failed = Some(Failed { kind, retry_after, at: now });
                }
            }
        }
    }

    /// Checks that the failure of a call with this source was saved, if the disk allowed that.
    pub(super) fn remembers(
        &mut self,
        slot: Slot,
        scope: &'static str,
        before: Option<Remembered>,
        Failed { kind, retry_after, at: failed_at }: Failed,
    ) {
        let before = before.filter(|before| before.scope == scope);
        let count = before.map_or(1, |before| before.count + 1);
        let doubled = Duration::from_secs(1).saturating_mul(1 << (count - 1).min(16));
        let shortest = doubled.min(LONGEST_PAUSE) / 2;
        let pause = retry_after.unwrap_or_default().saturating_add(shortest).min(LONGEST_PAUSE);
        let jumps = self.clock.jumps;
        let failure = Remembered { scope, kind, count, failed_at, pause, jumps };
        self.ledger.failures.insert(slot, failure);
    }

    /// Returns whether the locks are reliable.
    pub(super) fn are_locks_good(&self) -> bool {
        self.scenario.locks == Locks::Reliable && !self.ledger.are_locks_lost
    }

    fn is_the_only_one(&mut self, slot: Slot) {
        let flights = self.ledger.flights.entry(slot).or_default();
        *flights += 1;
        if *flights > 1 && self.are_locks_good() {
            self.breaks("one-fetch-in-flight", format_args!("{slot:?} is asked twice at once"));
        }
    }

    /// Checks that the rule requires a request to the source, given the files on disk. A process
    /// that has waited for the lock has read them again.
    fn follows_the_rule(&mut self, pid: Pid, slot: Slot) {
        let Some(status) = self.processes.get(&pid) else { return };
        let (Some(settings), Some(demand)) = (status.profile.settings(slot), status.demand) else {
            return;
        };
        let demand = match status.profile.user_of(slot) {
            // The user of the key may want an unused one, or another one than the refused one.
            Some(user) if self.wants_another(status, user.slot) => return,
            Some(_) => Demand::Printable,
            None => demand,
        };
        let (policy, hold) = status.profile.terms(slot);
        let terms = Terms { policy: &policy, hold, now: status.looked };
        let view = settings.view(&terms, status.environment, |file| self.disk.read(file));
        let invariant = match decide([view], demand, status.looked) {
            Step::Fetch { .. } => return,
            Step::Print { .. } => "no-needless-fetch",
            Step::FallBack { .. } | Step::Fail { .. } => "pauses-are-kept",
        };
        let is_certain = status.refusals == 0
            && status.jumps == self.clock.jumps
            && self.are_locks_good()
            && self.is_of_this_clock(slot);
        if is_certain {
            self.breaks(invariant, format_args!("{pid} asks {slot:?} with {view:?}"));
        }
    }

    /// Returns whether the files of a source were written with the clock as it is now. With a
    /// different clock, an old key may be fresh again a moment later.
    fn is_of_this_clock(&self, slot: Slot) -> bool {
        let failure = self.ledger.failures.get(&slot);
        let keys = self.ledger.keys.iter().filter(|key| key.slot == slot);
        let mut jumps = keys.filter_map(|key| key.issues.last()).map(|issue| issue.jumps);
        jumps.all(|jumps| jumps == self.clock.jumps)
            && failure.is_none_or(|failure| failure.jumps == self.clock.jumps)
    }

    fn is_not_in_its_pause(&mut self, pid: Pid, slot: Slot) {
        let Some((status, failure)) = self.failure_in_force(pid, slot) else { return };
        let is_used = status.profile.user_of(slot).is_some();
        let mends = matches!(status.demand, Some(Demand::Another(_) | Demand::Printable));
        let mends = mends || is_used;
        let asks_anyway = mends && failure.kind == ErrorKind::Misconfigured;
        let ends_at = failure.failed_at + failure.pause;
        if !asks_anyway && self.clock.uptime < ends_at {
            self.breaks("pauses-are-kept", format_args!("{pid} asks {slot:?}: {failure:?}"));
        }
    }

    fn is_within_its_attempts(&mut self, pid: Pid, slot: Slot) {
        let Some(status) = self.processes.get(&pid) else { return };
        let Some(settings) = status.profile.settings(slot) else { return };
        let Some(asked) = status.asked.get(&slot).copied() else { return };
        let user = status.profile.user_of(slot).and_then(|user| status.asked.get(&user.slot));
        let most = match user {
            // It is refreshed at most twice for each attempt of its user: the second time for an
            // unused key.
            Some(user) => (1 + settings.retries) * user.attempts * 2,
            None if asked.is_known_to_fail => 1,
            None => 1 + settings.retries,
        };
        // A refusal may be tested once with another key.
        let may_repeat = settings.uses.is_some() && asked.refusal.is_none();
        let is_refused = |failed: &Failed| is_refusal(failed.kind);
        let was_refused = asked.refusal.is_some() || asked.failed.as_ref().is_some_and(is_refused);
        let most = most + u32::from(settings.uses.is_some() && was_refused);
        // A process without a key waits for a server that sends `Retry-After`.
        let is_put_off = asked.failed.is_some_and(|failed| failed.retry_after.is_some());
        if asked.attempts >= most && (asked.is_known_to_fail || !is_put_off) {
            let attempt = asked.attempts + 1;
            self.breaks("attempts-are-bounded", format_args!("{pid}, attempt {attempt} of {most}"));
        }
        let Some(Failed { kind, retry_after, at }) = asked.failed else { return };
        if kind != ErrorKind::Transient && !(may_repeat && is_refusal(kind)) {
            self.breaks("attempts-are-bounded", format_args!("{pid} asks again after {kind:?}"));
        }
        if retry_after.is_some_and(|wait| self.clock.uptime < at + wait) {
            self.breaks("retry-after-is-kept", format_args!("{pid} asks before {retry_after:?}"));
        }
    }

    /// Returns the failure that this process must know of.
    fn failure_in_force(&self, pid: Pid, slot: Slot) -> Option<(&Status, Remembered)> {
        let status = self.processes.get(&pid)?;
        let failure = *self.ledger.failures.get(&slot)?;
        let scope = status.profile.settings(slot)?.scope(status.environment);
        let is_certain = status.refusals == 0
            && self.are_locks_good()
            && failure.jumps == self.clock.jumps
            && failure.scope == scope
            && (status.profile.user_of(slot).is_some()
                || !matches!(status.demand, Some(Demand::FetchedSince(_)) | None));
        is_certain.then_some((status, failure))
    }

    /// Returns whether the source `user` may want another key of the used source than a valid one.
    fn wants_another(&self, status: &Status, user: Slot) -> bool {
        let was_refused = status.asked.get(&user).is_some_and(|asked| asked.refusal.is_some());
        was_refused || self.issuers[user.issuer].takes_once
    }
}

/// Returns whether the source has refused, instead of not answering.
fn is_refusal(kind: ErrorKind) -> bool {
    !kind.asks_next_source()
}
