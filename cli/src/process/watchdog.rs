//! Ends a process that outlives its own deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api_key_helper_values::Error;

use crate::report::Reporter;

/// The engine keeps the deadline by itself. This grace period is for calls that it cannot
/// interrupt, such as a disk that never answers.
const GRACE: Duration = Duration::from_secs(5);

/// Watches one call until dropped.
pub(crate) struct Watchdog {
    is_over: Arc<AtomicBool>,
}

/// Ends this process once `deadline` and [`GRACE`] have passed, which releases its locks.
#[must_use]
pub(crate) fn start(deadline: Duration) -> Watchdog {
    let is_over = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&is_over);
    let watch = move || {
        #[expect(clippy::disallowed_methods, reason = "a thread of its own, which only waits")]
        std::thread::sleep(deadline.saturating_add(GRACE));
        if watched.load(Ordering::Relaxed) {
            return;
        }
        let error = Error::transient("the machine did not let this call end within its deadline")
            .with_hint("look at the disk under the state folder, see `api-key-helper doctor`");
        let code = Reporter.failed_with(&error);
        #[expect(clippy::disallowed_methods, reason = "what holds this process up cannot return")]
        std::process::exit(code.into());
    };
    // If no thread can be started, only the engine's own deadline applies.
    let _ = std::thread::Builder::new().name("watchdog".to_owned()).spawn(watch);
    Watchdog { is_over }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
