//! The counts of each minute.

use std::time::Duration;

use super::morning::{BEGINS, ENDS, Morning};

/// The counts of one minute. Requests count when they reach the server, calls when they end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// The requests that reached the server.
    pub requests: u64,
    /// The requests that it refused because of its limit.
    pub refused: u64,
    /// The requests that came while it was down.
    pub unanswered: u64,
    /// The requests in the busiest second.
    pub busiest_second: u64,
    /// The longest run of seconds, up to a second of this minute, in which the requests exceeded
    /// the limit. The end of the outage starts a new run.
    pub seconds_over: u64,
    /// The number of printed keys.
    pub printed: u64,
    /// The calls that waited, for at most 0.1 s, 1 s, 5 s, and longer, whether or not they got a
    /// key.
    pub waited: [u64; 4],
    /// The longest wait, in milliseconds.
    pub longest_wait: u64,
    /// The calls that waited with a key that was too old to be printed at once, and not expired.
    pub waited_stale: u64,
    /// The calls that waited with a key that could be printed at once.
    pub waited_valid: u64,
    /// The stale keys that were printed with a warning because the server issued none.
    pub bridged: u64,
    /// The calls that ended without a key.
    pub failed: u64,
}

/// The minutes of a morning, from the start.
#[derive(Debug)]
pub(super) struct Tally {
    minutes: Vec<Minute>,
    limit: u64,
    outage_ends: u64,
    /// The current second, its requests, and the seconds before it that were over the limit.
    second: u64,
    requests: u64,
    over: u64,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) began: Duration,
    pub(super) at: Duration,
    pub(super) had: Had,
    pub(super) got: Got,
}

/// The key that a caller had before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Had {
    Nothing,
    /// A key that is too old to be printed at once, and not expired.
    Stale,
    /// A key that can be printed at once.
    Valid,
}

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    Key,
    OldKey,
    Nothing,
}

impl Tally {
    pub(super) fn new(morning: &Morning) -> Self {
        let minutes = (ENDS - BEGINS).as_secs() / 60;
        Self {
            minutes: (0..minutes).map(|_| Minute::default()).collect(),
            limit: morning.limit,
            outage_ends: morning.outage.end.as_secs(),
            second: BEGINS.as_secs(),
            requests: 0,
            over: 0,
        }
    }

    /// Counts a request that reaches the server.
    pub(super) fn requested(&mut self, at: Duration, is_down: bool, is_refused: bool) {
        self.settle(at);
        self.requests += 1;
        let minute = self.minute(at.as_secs());
        minute.requests += 1;
        minute.unanswered += u64::from(is_down);
        minute.refused += u64::from(is_refused);
    }

    /// Counts a call that has ended.
    pub(super) fn ended(&mut self, Ended { began, at, had, got }: Ended) {
        let wait = at.saturating_sub(began);
        let minute = self.minute(at.as_secs());
        minute.bridged += u64::from(got == Got::OldKey);
        minute.failed += u64::from(got == Got::Nothing);
        minute.printed += u64::from(got != Got::Nothing);
        if wait.is_zero() {
            return;
        }
        let length = WAITS.iter().position(|longest| wait <= *longest).unwrap_or(WAITS.len());
        minute.waited[length] += 1;
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        minute.longest_wait = minute.longest_wait.max(wait);
        minute.waited_stale += u64::from(had == Had::Stale);
        minute.waited_valid += u64::from(had == Had::Valid);
    }

    /// Returns the minutes, at the end of the morning.
    pub(super) fn take_minutes(&mut self) -> Vec<Minute> {
        self.settle(ENDS);
        std::mem::take(&mut self.minutes)
    }

    /// Advances to the second of `at`.
    fn settle(&mut self, at: Duration) {
        while self.second < at.as_secs() {
            let (second, requests) = (self.second, self.requests);
            let before = if second == self.outage_ends { 0 } else { self.over };
            self.over = if requests > self.limit { before + 1 } else { 0 };
            let over = self.over;
            let minute = self.minute(second);
            minute.busiest_second = minute.busiest_second.max(requests);
            minute.seconds_over = minute.seconds_over.max(over);
            (self.second, self.requests) = (second + 1, 0);
        }
    }

    /// Returns the minute of a second since midnight. Later seconds count for the last minute.
    fn minute(&mut self, second: u64) -> &mut Minute {
        let index = usize::try_from((second - BEGINS.as_secs()) / 60).unwrap_or(usize::MAX);
        let last = self.minutes.len() - 1;
        &mut self.minutes[index.min(last)]
    }
}

/// The limit of each group of waits but the last.
const WAITS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(5)];
