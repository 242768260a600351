//! Waiting for what other processes do: until it is seen, and not for ever.

use std::thread;
use std::time::{Duration, Instant};

/// The longest wait for anything: longer than the deadline of a call, on a machine that is slow and
/// has much else to do. It is only waited out by a test that fails.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Looks again and again, until `look` has found something.
///
/// # Panics
/// When nothing was found within [`LIMIT`].
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since(started) < LIMIT, "waited {LIMIT:?} in vain until {what}");
        sleep(Duration::from_millis(2));
    }
}

/// The time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// How long it is since `start`.
#[must_use]
pub fn since(start: Instant) -> Duration {
    now().duration_since(start)
}

/// Lets `duration` pass, where time itself is what a test is about.
#[expect(clippy::disallowed_methods, reason = "processes are looked at from outside")]
pub fn sleep(duration: Duration) {
    thread::sleep(duration);
}
