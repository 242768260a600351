//! The skew between this machine's clock and a server's.

use std::time::Duration;

use api_key_helper_values::{Error, Moment};

use super::attempt;
use super::get::InnerCalls;
use super::held::Held;
use super::remembered::Remembered;
use super::resolver::Resolver;
use super::source::Source;
use super::world::World;

/// The resolution of a `Date` header (RFC 9110, section 5.6.7): the moment was at most this much
/// later.
const GRAIN: Duration = Duration::from_secs(1);

/// A server's time, between two moments of this machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// The moment before the request.
    pub asked_at: Moment,
    /// The moment after the answer.
    pub answered_at: Moment,
    /// The server's time.
    pub said: Moment,
}

impl ServerTime {
    /// The least time by which this machine's clock is ahead of the server's.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        self.asked_at.since(self.said.plus(GRAIN))
    }

    /// The least time by which this machine's clock is behind the server's.
    #[must_use]
    pub fn behind(&self) -> Duration {
        self.said.since(self.answered_at)
    }
}

/// Asks the server of `source` for the time, within the time of one attempt. Needs no lock, because
/// nothing is saved. Returns `None` if there is no server, or if it sends no time.
///
/// # Errors
/// The backend's error.
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
        // Neither latency nor the rest of the second counts as skew.
        assert_eq!(said(10_900, 12_000, 10_000), (0, 0));
        assert_eq!(said(10_900, 12_000, 12_000), (0, 0));
        assert_eq!(said(75_000, 76_000, 10_000), (64_000, 0));
        assert_eq!(said(10_000, 12_000, 72_000), (0, 60_000));
    }
}
