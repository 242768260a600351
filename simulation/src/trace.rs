//! The events of a run, in order.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};
use std::time::Duration;

/// The last events of a run, and a hash of all of them.
#[derive(Debug)]
pub(crate) struct Trace {
    last: VecDeque<String>,
    kept: usize,
    hasher: DefaultHasher,
}

impl Trace {
    /// Returns an empty trace that keeps the last `kept` events.
    pub(crate) fn new(kept: usize) -> Self {
        Self { last: VecDeque::new(), kept, hasher: DefaultHasher::new() }
    }

    pub(crate) fn tell(&mut self, uptime: Duration, who: &str, what: fmt::Arguments<'_>) {
        let line = format!("{:>12.3} s  {who:<12} {what}", uptime.as_secs_f64());
        self.hasher.write(line.as_bytes());
        self.last.push_back(line);
        if self.last.len() > self.kept {
            self.last.pop_front();
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }

    pub(crate) fn into_last(self) -> Vec<String> {
        self.last.into()
    }
}
