//! The wait between two attempts.

use std::time::Duration;

const BASE: Duration = Duration::from_millis(200);
const CAP: Duration = Duration::from_secs(5);

/// The wait after attempt number `attempt` (from 0): a random part of a bound that doubles each
/// time. This "full jitter" spreads a fleet's retries better than a fixed or partly random wait. It
/// is added to `Retry-After`, because the server sends the same value to every client that it
/// refuses.
pub(super) fn wait(attempt: u32, chance: f64, retry_after: Option<Duration>) -> Duration {
    let bound = BASE.saturating_mul(2_u32.saturating_pow(attempt)).min(CAP);
    retry_after.unwrap_or_default().saturating_add(bound.mul_f64(chance.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn backoff_doubles_up_to_its_cap() {
        let bounds = [200, 400, 800, 1_600, 3_200, 5_000, 5_000].map(millis);
        for (attempt, bound) in (0..).zip(bounds) {
            assert_eq!(wait(attempt, 1.0, None), bound);
            assert_eq!(wait(attempt, 0.5, None), bound / 2);
            assert_eq!(wait(attempt, 0.0, None), Duration::ZERO);
        }
        assert_eq!(wait(u32::MAX, 1.0, None), CAP);
    }

    #[test]
    fn backoff_after_retry_after_is_spread_by_jitter() {
        assert_eq!(wait(0, 0.0, Some(millis(7_000))), millis(7_000));
        assert_eq!(wait(0, 1.0, Some(millis(7_000))), millis(7_200));
        assert_eq!(wait(9, 1.0, Some(Duration::MAX)), Duration::MAX);
    }
}
