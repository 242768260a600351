//! The machine's clocks, and the issuers'.

use std::time::Duration;

use api_key_helper_values::Moment;

const START: Moment = Moment::from_unix_millis(1_800_000_000_000);

/// Time passes only when nobody can run.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// Never goes back, and stands still while the machine sleeps.
    pub(crate) uptime: Duration,
    asleep: Duration,
    /// How far the wall clock is off.
    ahead: Duration,
    behind: Duration,
    /// How often somebody set the wall clock, or the machine slept.
    pub(crate) jumps: u32,
}

impl Clock {
    /// What the machine takes for the time.
    pub(crate) fn wall(&self) -> Moment {
        self.truth().plus(self.ahead).minus(self.behind)
    }

    /// What issuers go by.
    pub(crate) fn truth(&self) -> Moment {
        START.plus(self.uptime).plus(self.asleep)
    }

    pub(crate) fn is_right(&self) -> bool {
        self.ahead == self.behind
    }

    /// Sets the wall clock: so far ahead or behind of the truth.
    pub(crate) fn set(&mut self, ahead: Duration, behind: Duration) {
        (self.ahead, self.behind) = (ahead, behind);
        self.jumps += 1;
    }

    pub(crate) fn sleep(&mut self, time: Duration) {
        self.asleep += time;
        self.jumps += 1;
    }
}
