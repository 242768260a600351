//! The rule for printing a key, by its age.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Moment;

/// The time for the request that the caller sends with the key, on top of its own hold.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The largest share of `ttl` that jitter may take from keys fetched after a failure.
const LARGEST_SPREAD: f64 = 0.5;

/// A profile's limits for the age of a key. The terms are those of
/// `docs/internals/architecture.md`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The longest time without asking again.
    pub ttl: Duration,
    /// The largest share of `ttl` that is cut off at random: 0 to 1. If it is not 0, a key fetched
    /// after a failure may lose half of `ttl`.
    pub ttl_jitter: f64,
    /// The time before its expiry at which a key is replaced, if its lifetime allows it.
    pub refresh_window: Duration,
    /// The time for which a key is still printed while it is being replaced.
    pub stale_while_revalidate: Duration,
    /// The time for which a key is still printed while its source is down.
    pub stale_if_error: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(60 * 60),
            ttl_jitter: 0.1,
            refresh_window: Duration::from_secs(10 * 60),
            stale_while_revalidate: Duration::from_secs(10 * 60),
            stale_if_error: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// The times of a cached key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// The time of its request.
    pub fetched_at: Moment,
    /// The issuer's expiry, if known.
    pub expires_at: Option<Moment>,
    /// The time at which the issuer will have a newer key, if known.
    pub refresh_at: Option<Moment>,
    /// A random factor for `ttl_jitter`, drawn when the entry was saved. It is 0 to 1, or more for
    /// a key fetched after a failure.
    pub jitter: f64,
}

/// The freshness of a key, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Is printed.
    Fresh,
    /// Is printed, and replaced in the background.
    Due,
    /// Is replaced, and printed only if that fails for a while.
    Stale,
    /// Is never printed.
    Expired,
}

/// The moments at which a key's freshness changes, for one policy and one caller. None is before
/// the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first moment at which it is no longer fresh.
    pub fresh_until: Moment,
    /// The first moment at which it is no longer due.
    pub due_until: Moment,
    /// The first moment at which it is expired.
    pub stale_until: Moment,
}

impl Policy {
    /// The bounds of a key for a caller that uses it for `hold`.
    #[must_use]
    pub fn bounds(&self, validity: &Validity, hold: Duration) -> Bounds {
        let Validity { fetched_at, .. } = *validity;
        let expires_at = validity.expires_at.unwrap_or(Moment::NEVER);
        let refresh_at = validity.refresh_at.unwrap_or(Moment::NEVER);
        let half_life = expires_at.since(fetched_at) / 2;
        let reserve = hold.saturating_add(REQUEST_TIME).min(half_life);
        let window = self.refresh_window.max(reserve).min(half_life);

        let fresh_until = fetched_at
            .plus(self.shortened_ttl(validity.jitter))
            .min(expires_at.minus(window))
            .min(refresh_at)
            .max(fetched_at);
        // A caller whose hold is as long as `ttl` asks only when it needs another key.
        let due_until = if hold >= self.ttl {
            fresh_until
        } else {
            fresh_until
                .plus(self.stale_while_revalidate)
                .min(expires_at.minus(reserve))
                .max(fresh_until)
        };
        let stale_until =
            fetched_at.plus(self.ttl).plus(self.stale_if_error).min(expires_at).max(due_until);
        Bounds { fresh_until, due_until, stale_until }
    }

    /// Judges a key at `now` for a caller that uses it for `hold`.
    #[must_use]
    pub fn judge(&self, validity: &Validity, hold: Duration, now: Moment) -> Freshness {
        let bounds = self.bounds(validity, hold);
        if validity.expires_at.is_some_and(|end| now >= end) || now >= bounds.stale_until {
            Freshness::Expired
        } else if now < validity.fetched_at || now >= bounds.due_until {
            // After the clock went back, the key's age is unknown.
            Freshness::Stale
        } else if now >= bounds.fresh_until {
            Freshness::Due
        } else {
            Freshness::Fresh
        }
    }

    /// The moment at which a caller should ask again that uses a key for as long as the answer
    /// says. It is the next change of the answer, and never later than the issuer's expiry.
    ///
    /// The caller of a fresh key comes back when the key is due, and gets it once more at once. It
    /// comes back for the next key before this one is stale, so it never waits.
    #[must_use]
    pub fn ask_again_at(&self, validity: &Validity, hold: Duration, now: Moment) -> Moment {
        let Bounds { fresh_until, due_until, .. } = self.bounds(validity, hold);
        match self.judge(validity, hold, now) {
            Freshness::Fresh => fresh_until,
            Freshness::Due => due_until,
            // The source was down a moment ago, or is asked at each call.
            Freshness::Stale | Freshness::Expired => {
                now.plus(REQUEST_TIME).min(validity.expires_at.unwrap_or(Moment::NEVER))
            }
        }
    }

    fn shortened_ttl(&self, jitter: f64) -> Duration {
        // A damaged plan may have NaN here. `max` and `min` then return the other number.
        let most = self.ttl_jitter.max(LARGEST_SPREAD);
        let share = (self.ttl_jitter * jitter).clamp(0.0, 1.0).min(most);
        self.ttl.saturating_sub(
            Duration::try_from_secs_f64(self.ttl.as_secs_f64() * share).unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests;
