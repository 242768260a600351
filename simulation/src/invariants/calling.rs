//! Invariants about the end of a call, and the files that it leaves.

use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_core::{Call, Outcome};
use api_key_helper_values::ErrorKind;

use super::keys::key_number;
use crate::universe::{Pid, Universe};

/// The origin of a printed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// From the disk, without a warning.
    Cached,
    /// From the disk, with a warning.
    Bridged,
    /// From a fetch in this call.
    Fetched,
}

/// The number of disk steps that a call may take after its deadline, per source, to save its
/// results.
const LATE_STEPS: usize = 20;

/// The longest time of a logout: it waits for the lock, and then for the issuer.
const LOGOUT: Duration = Duration::from_secs(60);

impl Universe {
    /// Records the start of a call.
    pub(crate) fn calls(&mut self, pid: Pid, call: &Call<'_>) {
        let demand = call.demand;
        self.tell(&pid.to_string(), format_args!("asks the engine: {demand:?}"));
        if let Some(status) = self.processes.get_mut(&pid) {
            (status.demand, status.deadline) = (Some(demand), call.deadline);
        }
    }

    /// Checks a call that has ended. It started at `began`, when the process had waited `waited`
    /// for the disk.
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
        let late_steps = status.late_steps;
        let is_late = late_steps > LATE_STEPS * status.profile.all().count();
        if took > call.deadline + disk_time || is_late {
            self.breaks(
                "calls-end",
                format_args!(
                    "{pid} took {took:?}, {disk_time:?} for the disk, {late_steps} late steps: {call:?}"
                ),
            );
        }
        let how = self.how(pid, outcome);
        self.settles(pid, outcome, how);
        match &outcome.answer {
            Ok(answer) => {
                // A background refresh prints nothing.
                if let Some(how) = how.filter(|_| call.demand != Demand::Fresh) {
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

    /// Checks the time of a logout that has ended.
    pub(crate) fn took(&mut self, pid: Pid, began: Duration, waited: Duration) {
        let Some(status) = self.processes.get(&pid) else { return };
        let disk_time = status.disk_time - waited;
        let took = self.clock.uptime - began;
        if took > LOGOUT + disk_time {
            self.breaks("calls-end", format_args!("{pid}: logout took {took:?}"));
        }
    }

    /// Returns the origin of the answer.
    fn how(&self, pid: Pid, outcome: &Outcome) -> Option<How> {
        let answer = outcome.answer.as_ref().ok()?;
        let key = key_number(answer.key.expose());
        let bridged = format!("using the key that `{}`", answer.source);
        if outcome.warnings.iter().any(|warning| warning.starts_with(&bridged)) {
            return Some(How::Bridged);
        }
        let mut asked = self.processes.get(&pid)?.asked.values();
        let was_fetched = key.is_some() && asked.any(|asked| asked.key == key);
        Some(if was_fetched { How::Fetched } else { How::Cached })
    }

    /// Checks the files that a call leaves: failures, or the entry of the fetched key.
    fn settles(&mut self, pid: Pid, outcome: &Outcome, how: Option<How>) {
        let Some(status) = self.processes.get(&pid) else { return };
        let printed =
            outcome.answer.as_ref().ok().and_then(|answer| key_number(answer.key.expose()));
        // A failed disk step may have taken effect or not, and a cooldown depends on the clock.
        let is_certain =
            status.refusals == 0 && status.jumps == self.clock.jumps && self.are_locks_good();
        let (environment, profile) = (status.environment, status.profile.clone());
        for (slot, asked) in status.asked.clone() {
            self.has_kept(pid, slot, &asked);
            let Some(settings) = profile.settings(slot) else { continue };
            let scope = settings.scope(environment);
            if self.ledger.fetches.get(&slot) != Some(&asked.fetch) {
                continue;
            }
            if let Some(failed) = asked.final_failure().filter(|_| is_certain) {
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
