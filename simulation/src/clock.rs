//! The clocks of the machine and of the issuers.

use std::time::Duration;

use api_key_helper_values::Moment;

const START: Moment = Moment::from_unix_millis(1_800_000_000_000);

/// A clock that advances only when no process can run.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// Never goes back, and stops while the machine sleeps.
    pub(crate) uptime: Duration,
    asleep: Duration,
    /// The error of the wall clock.
    ahead: Duration,
    behind: Duration,
    /// The number of times that the wall clock was set, or the machine slept.
    pub(crate) jumps: u32,
}

impl Clock {
    /// Returns the time by the machine's wall clock.
    pub(crate) fn wall(&self) -> Moment {
        self.truth().plus(self.ahead).minus(self.behind)
    }

    /// Returns the time by the issuers' clocks.
    pub(crate) fn truth(&self) -> Moment {
        START.plus(self.uptime).plus(self.asleep)
    }

    pub(crate) fn is_right(&self) -> bool {
        self.ahead == self.behind
    }

    /// Sets the wall clock to an error of `ahead` or `behind`.
    pub(crate) fn set(&mut self, ahead: Duration, behind: Duration) {
        (self.ahead, self.behind) = (ahead, behind);
        self.jumps += 1;
    }

    pub(crate) fn sleep(&mut self, time: Duration) {
        self.asleep += time;
        self.jumps += 1;
    }
}
