//! When a key may be printed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Moment;

/// What a caller needs beyond its own cache time: the request that it sends with the key.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The largest part of `ttl` that is lost so that the keys of a rush do not end together.
const LARGEST_SPREAD: f64 = 0.5;

/// A profile's view on how old a key may be. Times are those of `docs/internals/architecture.md`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The longest time without asking again.
    pub ttl: Duration,
    /// By how much of itself `ttl` is shortened at most: 0 to 1. Where it is not 0, a key that came
    /// after a failure may lose half of `ttl`.
    pub ttl_jitter: f64,
    /// How long before its end a key is replaced, as far as its life allows it.
    pub refresh_window: Duration,
    /// How long a key is printed at once while it is being replaced.
    pub stale_while_revalidate: Duration,
    /// How long a key is printed while its source is down.
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

/// What is known of a cached key's time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// When we received it.
    pub fetched_at: Moment,
    /// The issuer's end, if it named one.
    pub expires_at: Option<Moment>,
    /// When the issuer will have a newer key, if it said so.
    pub refresh_at: Option<Moment>,
    /// Drawn when the entry was saved: how many times a profile's `ttl_jitter` applies. From 0 to
    /// 1, and to more for a key that came after a failure.
    pub jitter: f64,
}

/// Whether a key may be printed, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Print it.
    Fresh,
    /// Print it, and replace it behind the answer.
    Due,
    /// Replace it; print it only if that fails for a while.
    Stale,
    /// Never print it.
    Expired,
}

/// The moments at which a key's freshness changes, for one policy and one caller. Each is at least
/// the one before it.
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
    /// The bounds of a key for a caller that goes on using it for `hold`.
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
        // A caller that holds a key as long as we do asks only once it wants another one.
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

    /// Judges a key at `now` for a caller that goes on using it for `hold`.
    #[must_use]
    pub fn judge(&self, validity: &Validity, hold: Duration, now: Moment) -> Freshness {
        let bounds = self.bounds(validity, hold);
        if validity.expires_at.is_some_and(|end| now >= end) || now >= bounds.stale_until {
            Freshness::Expired
        } else if now < validity.fetched_at || now >= bounds.due_until {
            // A clock that went back says nothing about the key's age.
            Freshness::Stale
        } else if now >= bounds.fresh_until {
            Freshness::Due
        } else {
            Freshness::Fresh
        }
    }

    /// When a caller should ask again that keeps a key for as long as it is told: when there is
    /// another answer than now. That is never later than the issuer's end.
    ///
    /// A fresh key's caller comes back when the key is due, has it once more at once, and comes
    /// back for the next one before this one is stale: it never waits.
    #[must_use]
    pub fn ask_again_at(&self, validity: &Validity, hold: Duration, now: Moment) -> Moment {
        let Bounds { fresh_until, due_until, .. } = self.bounds(validity, hold);
        match self.judge(validity, hold, now) {
            Freshness::Fresh => fresh_until,
            Freshness::Due => due_until,
            // Its source was down a moment ago, or is asked at each call.
            Freshness::Stale | Freshness::Expired => {
                now.plus(REQUEST_TIME).min(validity.expires_at.unwrap_or(Moment::NEVER))
            }
        }
    }

    fn shortened_ttl(&self, jitter: f64) -> Duration {
        // A damaged plan may have no number there: `max` and `min` take the other one.
        let most = self.ttl_jitter.max(LARGEST_SPREAD);
        let share = (self.ttl_jitter * jitter).clamp(0.0, 1.0).min(most);
        self.ttl.saturating_sub(
            Duration::try_from_secs_f64(self.ttl.as_secs_f64() * share).unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests;
