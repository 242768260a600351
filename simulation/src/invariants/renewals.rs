//! Invariants about renewals.

use api_key_helper_cache::Entry;

use super::Kept;
use crate::disk::File;
use crate::issuer::Kind;
use crate::profile::{Settings, Slot};
use crate::renewal::Renewal;
use crate::scenario::Locks;
use crate::seal::Checked;
use crate::universe::{Asked, Job, Pid, Universe};

impl Universe {
    /// Records that a process receives a new renewal.
    pub(crate) fn receives(&mut self, pid: Pid, slot: Slot, renewal: Renewal) {
        self.tell(&pid.to_string(), format_args!("receives {renewal}"));
        if let Some(status) = self.processes.get_mut(&pid) {
            status.asked.entry(slot).or_default().renewal = Some(renewal);
        }
    }

    /// Records that a renewal was reported to a process as durable.
    pub(crate) fn keeps(&mut self, pid: Pid, slot: Slot, renewal: Renewal) {
        self.tell(&pid.to_string(), format_args!("has kept {renewal}"));
        let Some(status) = self.processes.get_mut(&pid) else { return };
        status.asked.entry(slot).or_default().kept = Some(renewal);
        let Some(settings) = status.profile.settings(slot) else { return };
        let scope = settings.scope(status.environment);
        self.ledger.kept.insert(slot, Kept { renewal, scope });
        let file = settings.entry_file.clone();
        self.is_durable(pid, &file);
    }

    /// Checks that a call without disk failures has saved its renewal.
    pub(super) fn has_kept(&mut self, pid: Pid, slot: Slot, asked: &Asked) {
        let is_rotating = matches!(self.issuers[slot.issuer].kind, Kind::Rotating { .. });
        let is_hindered = self.processes.get(&pid).is_none_or(|status| status.refusals > 0);
        if is_rotating && !is_hindered && asked.renewal != asked.kept {
            let Asked { renewal, kept, .. } = asked;
            self.breaks("renewals-are-kept", format_args!("{pid}: {renewal:?}, not {kept:?}"));
        }
    }

    /// Checks a renewal, or none, that a process is about to send.
    pub(crate) fn sends(&mut self, pid: Pid, slot: Slot, sent: Option<Renewal>) {
        if let Some(sent) = sent.filter(|_| self.locks == Locks::Unavailable) {
            self.breaks("no-renewal-without-its-lock", format_args!("{pid} sends {sent}"));
        }
        let Some(status) = self.processes.get(&pid) else { return };
        let received = status.asked.get(&slot).and_then(|asked| asked.renewal);
        if let (Some(sent), Some(received)) = (sent, received)
            && sent.precedes(received)
        {
            self.breaks("no-spent-renewal", format_args!("{pid} sends {sent}, and has {received}"));
        }
        let Some(status) = self.processes.get(&pid) else { return };
        let Some(settings) = status.profile.settings(slot) else { return };
        let scope = settings.scope(status.environment);
        let is_certain = status.refusals == 0 && self.are_locks_good();
        let kept = self.ledger.kept.get(&slot).filter(|kept| is_certain && kept.scope == scope);
        if let Some(Kept { renewal, .. }) = kept.copied()
            && sent.is_none_or(|sent| sent.family < renewal.family || sent.precedes(renewal))
        {
            let sent = sent.map_or_else(|| "nothing".to_owned(), |sent| sent.to_string());
            self.breaks(
                "renewals-are-kept",
                format_args!("{pid} sends {sent}, {renewal} was kept"),
            );
        }
    }

    /// Checks a file that gets its name.
    pub(crate) fn publish(&mut self, pid: Pid, name: &str, file: File) {
        let settings = self
            .processes
            .get(&pid)
            .and_then(|status| status.profile.all().find(|settings| settings.entry_file == name));
        let Some(settings) = settings else {
            self.disk.name(name, Some(file));
            return;
        };
        let (slot, id) = (settings.slot, settings.planned.id.clone());
        let read = |universe: &Self| {
            let entry = Entry::decode(universe.disk.read(name)?, &id, &Checked)?;
            Some(entry.renewal.as_ref().and_then(Renewal::read))
        };
        let before = read(self).flatten();
        self.disk.name(name, Some(file));
        let after = read(self);
        let Some(after) = after else {
            self.breaks("entries-are-whole", format_args!("{pid} publishes a torn {name}"));
            return;
        };
        if let (Some(before), Some(after)) = (before, after)
            && after.precedes(before)
            && self.are_locks_good()
        {
            self.breaks("no-older-renewal", format_args!("{pid} writes {after} over {before}"));
        }
        self.replaces(pid, slot, after);
    }

    /// Checks a file that loses its name: for an entry, only a logout may do that.
    pub(crate) fn remove(&mut self, pid: Pid, name: &str) {
        self.disk.name(name, None);
        let Some(status) = self.processes.get(&pid) else { return };
        let profile = status.profile.clone();
        // A login or a logout.
        let is_by_hand = status.demand.is_none();
        for Settings { slot, entry_file, failure_file, .. } in profile.all() {
            if failure_file == name {
                self.ledger.failures.remove(slot);
            }
            if failure_file == name && is_by_hand {
                // Processes that are running have outdated information about it.
                *self.ledger.fetches.entry(*slot).or_default() += 1;
            }
            if entry_file == name && is_by_hand {
                self.ledger.kept.remove(slot);
            }
        }
    }

    /// Checks that a saved renewal is replaced only in the documented cases: in another environment
    /// with the same entry file, by a process that could not read it, and by a login.
    fn replaces(&mut self, pid: Pid, slot: Slot, after: Option<Renewal>) {
        let Some(Kept { renewal: kept, scope }) = self.ledger.kept.get(&slot).copied() else {
            return;
        };
        let Some(status) = self.processes.get(&pid) else { return };
        let settings = status.profile.settings(slot);
        let is_same_scope =
            settings.is_some_and(|settings| settings.scope(status.environment) == scope);
        let goes_on =
            after.is_some_and(|after| after.family >= kept.family && !after.precedes(kept));
        let may_not_know = status.demand.is_none() || status.refusals > 0 || !self.are_locks_good();
        if !is_same_scope || !goes_on && may_not_know {
            self.ledger.kept.remove(&slot);
        }
    }

    /// Forgets what was saved for a source.
    pub(crate) fn forgets(&mut self, slot: Slot) {
        self.ledger.kept.remove(&slot);
        self.ledger.failures.remove(&slot);
        // The new number shows to running processes that their information is outdated.
        *self.ledger.fetches.entry(slot).or_default() += 1;
    }

    /// Records that a key and a failure were forgotten after a login or logout of a used source.
    pub(crate) fn forgot(&mut self, pid: Pid, slot: Slot) {
        self.ledger.failures.remove(&slot);
        *self.ledger.fetches.entry(slot).or_default() += 1;
        let is_certain = self.processes.get(&pid).is_some_and(|status| status.refusals == 0);
        if is_certain && self.are_locks_good() {
            self.ledger.signed_out.insert(slot, self.steps);
        }
    }

    /// Forgets everything that was saved.
    pub(crate) fn forgets_all(&mut self) {
        let known: Vec<Slot> = self.ledger.fetches.keys().copied().collect();
        known.into_iter().for_each(|slot| self.forgets(slot));
        self.ledger.kept.clear();
    }

    /// Returns whether a call can get a key of this source without a login.
    pub(crate) fn has_sign_in(&self, slot: Slot) -> bool {
        let issuer = &self.issuers[slot.issuer];
        let is_human = matches!(issuer.kind, Kind::Rotating { .. });
        let kept = self.ledger.kept.get(&slot);
        !is_human || kept.is_some_and(|kept| issuer.takes(kept.renewal))
    }

    /// Records that a login or logout begins.
    pub(crate) fn begins(&mut self, job: Job) {
        if let Job::Logout(slot) | Job::Login(slot) = job {
            self.forgets(slot);
        }
    }
}
