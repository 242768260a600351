//! The server with its limit.

use std::ops::Range;
use std::time::Duration;

use api_key_helper_values::Error;

use super::tally::Tally;

#[derive(Debug)]
pub(super) struct Vault {
    limit: u64,
    outage: Range<Duration>,
    /// The current second, and its requests so far.
    second: (u64, u64),
}

impl Vault {
    pub(super) const fn new(limit: u64, outage: Range<Duration>) -> Self {
        Self { limit, outage, second: (0, 0) }
    }

    /// Answers a request that arrives at `now`, as the backend reports it. The quota is per second,
    /// and a refused client is told to come back in the next second.
    pub(super) fn answers(&mut self, now: Duration, tally: &mut Tally) -> Result<(), Error> {
        if self.second.0 != now.as_secs() {
            self.second = (now.as_secs(), 0);
        }
        self.second.1 += 1;
        let is_down = self.outage.contains(&now);
        let is_refused = !is_down && self.second.1 > self.limit;
        tally.requested(now, is_down, is_refused);
        if is_down {
            return Err(Error::transient("the server is down"));
        }
        if is_refused {
            let error = Error::transient("the server is over its quota");
            return Err(error.with_retry_after(Duration::from_secs(1)));
        }
        Ok(())
    }
}
