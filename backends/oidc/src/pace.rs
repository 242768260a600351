//! How often a provider is asked for what a code stands for.

use std::time::Duration;

/// The wait before the next poll (RFC 8628, section 3.5).
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    wait: Duration,
}

impl Pace {
    /// `interval` is what the provider asks for. No provider means several polls in a second.
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        let interval = interval.unwrap_or(DEFAULT).max(Duration::from_secs(1));
        Self { interval, wait: interval }
    }

    /// For a code that can be redeemed at once.
    pub(crate) const fn eager() -> Self {
        Self { interval: Duration::from_secs(1), wait: Duration::ZERO }
    }

    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// The provider answered: not yet.
    pub(crate) fn pending(&mut self) {
        self.wait = self.interval;
    }

    /// The provider wants to be asked less often, from now on.
    pub(crate) fn slow_down(&mut self) {
        self.interval = self.interval.saturating_add(STEP);
        self.wait = self.interval;
    }

    /// The provider could not be asked, or could not look: each time the wait doubles, and is at
    /// least what the provider said. Once it answers, it is as before.
    pub(crate) fn unavailable(&mut self, retry_after: Option<Duration>) {
        let least = self.interval.max(retry_after.unwrap_or_default());
        self.wait = self.wait.saturating_mul(2).max(least);
    }
}

const DEFAULT: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_answers() {
        let mut pace = Pace::new(None);
        let mut waits = vec![pace.wait().as_secs()];
        for step in "p s s p u u p u s".split(' ') {
            match step {
                "p" => pace.pending(),
                "s" => pace.slow_down(),
                _ => pace.unavailable(None),
            }
            waits.push(pace.wait().as_secs());
        }
        assert_eq!(waits, [5, 5, 10, 15, 15, 30, 60, 15, 30, 20]);
    }

    #[test]
    fn the_provider_says_how_long() {
        assert_eq!(Pace::new(Some(Duration::from_secs(30))).wait().as_secs(), 30);
        assert_eq!(Pace::new(Some(Duration::ZERO)).wait().as_secs(), 1);
        let mut pace = Pace::new(None);
        pace.unavailable(Some(Duration::from_secs(60)));
        assert_eq!(pace.wait().as_secs(), 60);
    }

    #[test]
    fn who_need_not_wait_does_so_only_after_a_failure() {
        let mut pace = Pace::eager();
        assert_eq!(pace.wait(), Duration::ZERO);
        pace.unavailable(None);
        assert_eq!(pace.wait().as_secs(), 1);
        pace.unavailable(None);
        assert_eq!(pace.wait().as_secs(), 2);
    }
}
