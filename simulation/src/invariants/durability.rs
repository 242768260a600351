//! Invariants about crashes.

use api_key_helper_cache::Entry;

use crate::profile::Slot;
use crate::seal::Checked;
use crate::universe::{Pid, Universe};

impl Universe {
    /// Checks that a file which was reported as durable is durable, both its name and its content.
    pub(super) fn is_durable(&mut self, pid: Pid, file: &str) {
        if self.are_locks_good() && !self.disk.is_settled(file) {
            self.breaks("what-is-kept-is-durable", format_args!("{pid}: {file} is not"));
        }
    }

    /// Checks a logout that has ended.
    pub(crate) fn signed_out(&mut self, pid: Pid, slot: Slot) {
        self.tell(&pid.to_string(), format_args!("has signed out of {slot:?}"));
        self.forgets(slot);
        let Some(status) = self.processes.get(&pid) else { return };
        let Some(settings) = status.profile.settings(slot) else { return };
        let file = settings.entry_file.clone();
        if status.refusals == 0 && self.are_locks_good() {
            self.ledger.signed_out.insert(slot, self.steps);
            self.is_durable(pid, &file);
        }
    }

    /// The power fails: every process ends, and every named file must be complete.
    pub(crate) fn crash(&mut self) {
        self.disk.crash(&mut self.dice);
        self.tell("world", format_args!("the power fails"));
        let profile = self.profile.clone();
        for settings in profile.all() {
            let bytes = self.disk.read(&settings.entry_file);
            let is_torn = bytes.is_some_and(|bytes| {
                Entry::decode(bytes, &settings.planned.id, &Checked).is_none()
            });
            if is_torn && !self.ledger.rotten.contains(&settings.slot) {
                let file = &settings.entry_file;
                self.breaks("entries-are-whole", format_args!("{file} is torn by a crash"));
            }
        }
    }
}
