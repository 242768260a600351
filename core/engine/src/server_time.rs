//! How this machine's clock stands to that of a source's server.

use std::time::Duration;

use api_key_helper_values::{Error, Moment};

use super::attempt;
use super::get::InnerCalls;
use super::held::Held;
use super::remembered::Remembered;
use super::resolver::Resolver;
use super::source::Source;
use super::world::World;

/// A `Date` counts whole seconds (RFC 9110, section 5.6.7): the moment was within this time after it.
const GRAIN: Duration = Duration::from_secs(1);

/// What a server said of the time, between two moments of this machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// Before it was asked.
    pub asked_at: Moment,
    /// After it had answered.
    pub answered_at: Moment,
    /// What it said.
    pub said: Moment,
}

impl ServerTime {
    /// By how much this machine's clock is ahead of the server's, at least.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        self.asked_at.since(self.said.plus(GRAIN))
    }

    /// By how much this machine's clock is behind the server's, at least.
    #[must_use]
    pub fn behind(&self) -> Duration {
        self.said.since(self.answered_at)
    }
}

/// Asks the server of `source` what time it is, within the time of one attempt. Takes no lock, for
/// nothing is kept. `None`: there is no server, or it does not say.
///
/// # Errors
/// What the backend says.
pub async fn server_time(world: World<'_>, source: &Source) -> Result<Option<ServerTime>, Error> {
    let remembered = Remembered::default();
    let inputs = Resolver::new(world, source, "", &remembered, "", &InnerCalls);
    let held = Held::new(world, source, inputs, None);
    let asked_at = world.clock.now();
    let said = attempt::server_time(&held, source.timeout).await?;
    let answered_at = world.clock.now();
    Ok(said.map(|said| ServerTime { asked_at, answered_at, said: said.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(asked: u64, answered: u64, said: u64) -> (u64, u64) {
        let [asked_at, answered_at, said] = [asked, answered, said].map(Moment::from_unix_millis);
        let time = ServerTime { asked_at, answered_at, said };
        (millis(time.ahead()), millis(time.behind()))
    }

    fn millis(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap()
    }

    #[test]
    fn clock_skew_excludes_latency_and_rounding() {
        // Neither the way of the answer nor the rest of the second is held against it.
        assert_eq!(said(10_900, 12_000, 10_000), (0, 0));
        assert_eq!(said(10_900, 12_000, 12_000), (0, 0));
        assert_eq!(said(75_000, 76_000, 10_000), (64_000, 0));
        assert_eq!(said(10_000, 12_000, 72_000), (0, 60_000));
    }
}
