//! The keys that a source has issued, with their times.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use integration_tests::wait::now;

/// The keys that a source has issued.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    keys: Mutex<BTreeMap<String, Issued>>,
}

#[derive(Clone, Copy, Debug)]
struct Issued {
    from: Instant,
    /// The moment from which the source certainly had another key.
    until: Option<Instant>,
    ends: Option<SystemTime>,
}

/// A key that a caller received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printed<'a> {
    pub(crate) key: &'a str,
    /// The moment at which the helper was called, by both clocks.
    pub(crate) called: Instant,
    pub(crate) called_at: SystemTime,
    /// The moment at which it had ended.
    pub(crate) ended: Instant,
}

impl Ledger {
    /// Lets `put` replace the source's key by `key`, which is valid until `ends`.
    pub(crate) fn issue(&self, key: &str, ends: Option<SystemTime>, put: impl FnOnce()) {
        let issued = Issued { from: now(), until: None, ends };
        self.keys().insert(key.to_owned(), issued);
        put();
        let replaced = now();
        for (_, issued) in self.keys().iter_mut().filter(|(other, _)| *other != key) {
            issued.until.get_or_insert(replaced);
        }
    }

    /// Returns the number of keys.
    pub(crate) fn len(&self) -> usize {
        self.keys().len()
    }

    /// Checks that the source had that key, and that the policy allowed it: for at most `kept`
    /// after the source has another one.
    ///
    /// # Errors
    /// The violation.
    pub(crate) fn check(&self, printed: Printed<'_>, kept: Duration) -> Result<(), String> {
        let keys = self.keys();
        let Some(issued) = keys.get(printed.key) else {
            return Err("a key that the source never had".to_owned());
        };
        if printed.ended < issued.from {
            return Err("a key that the source did not have yet".to_owned());
        }
        let late = issued.until.map(|until| printed.called.saturating_duration_since(until));
        if let Some(late) = late.filter(|late| *late > kept) {
            return Err(format!("a key that was replaced {late:?} ago"));
        }
        if issued.ends.is_some_and(|ends| printed.called_at > ends) {
            return Err("a key past its end".to_owned());
        }
        Ok(())
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<String, Issued>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
