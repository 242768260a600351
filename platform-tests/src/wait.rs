//! Waits for the effects of other processes, with a limit.

use std::thread;
use std::time::{Duration, Instant};

/// The limit of each wait: longer than the deadline of a call, on a slow and busy machine. Only a
/// failing test waits this long.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Repeats `look` until it finds something.
///
/// # Panics
/// It finds nothing within [`LIMIT`].
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

/// Returns the current time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Returns the time since `start`.
#[must_use]
pub fn since(start: Instant) -> Duration {
    now().duration_since(start)
}

/// Waits for `duration`, in tests about time itself.
#[expect(clippy::disallowed_methods, reason = "processes are looked at from outside")]
pub fn sleep(duration: Duration) {
    thread::sleep(duration);
}
