//! What happened in each minute.

use std::time::Duration;

use super::morning::{BEGINS, ENDS, Morning};

/// A minute's counts. Requests count when they reach the server, calls when they end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// How many requests reached the server.
    pub requests: u64,
    /// How many of them it refused, for they were beyond its limit.
    pub refused: u64,
    /// How many came while it was down.
    pub unanswered: u64,
    /// The requests of the second that had most.
    pub busiest_second: u64,
    /// For how many seconds in a row, up to any second of this minute, the server had been asked for
    /// more than its limit; counted anew from the end of the outage on.
    pub seconds_over: u64,
    /// Keys that were printed.
    pub printed: u64,
    /// Calls that waited, for at most 0.1 s, 1 s, 5 s, and longer, whatever came of it.
    pub waited: [u64; 4],
    /// The longest wait of any of them, in milliseconds.
    pub longest_wait: u64,
    /// How many of them had a key that was too old to be printed at once, and not past its end.
    pub waited_stale: u64,
    /// How many of them had a key that may be printed at once.
    pub waited_valid: u64,
    /// Old keys that were printed with a warning, for the server gave no new one.
    pub bridged: u64,
    /// Calls that ended without a key.
    pub failed: u64,
}

/// The minutes of a morning, from its begin on.
#[derive(Debug)]
pub(super) struct Tally {
    minutes: Vec<Minute>,
    limit: u64,
    outage_ends: u64,
    /// The second that is counted, its requests, and how many before it were over the limit.
    second: u64,
    requests: u64,
    over: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) began: Duration,
    pub(super) at: Duration,
    pub(super) had: Had,
    pub(super) got: Got,
}

/// What a caller had before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Had {
    Nothing,
    /// A key that is too old to be printed at once, and not past its end.
    Stale,
    /// A key that may be printed at once.
    Valid,
}

/// What came of it.
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

    /// A request reaches the server.
    pub(super) fn requested(&mut self, at: Duration, is_down: bool, is_refused: bool) {
        self.settle(at);
        self.requests += 1;
        let minute = self.minute(at.as_secs());
        minute.requests += 1;
        minute.unanswered += u64::from(is_down);
        minute.refused += u64::from(is_refused);
    }

    /// A call has ended.
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

    /// The minutes, once the morning is over.
    pub(super) fn take_minutes(&mut self) -> Vec<Minute> {
        self.settle(ENDS);
        std::mem::take(&mut self.minutes)
    }

    /// Goes on to the second of `at`.
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

    /// The minute of a second since midnight. What comes too late counts for the last one.
    fn minute(&mut self, second: u64) -> &mut Minute {
        let index = usize::try_from((second - BEGINS.as_secs()) / 60).unwrap_or(usize::MAX);
        let last = self.minutes.len() - 1;
        &mut self.minutes[index.min(last)]
    }
}

/// The longest waits of each group but the last.
const WAITS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(5)];
