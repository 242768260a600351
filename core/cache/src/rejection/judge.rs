//! Judges whether a call means that the API refused a key.

use std::time::Duration;

use super::record::{Outcome, Record};
use crate::{Fingerprint, KeyId, Moment};

/// A call is early only if it comes at least this long before the end of the hold.
pub(super) const NEVER_EARLY: Duration = Duration::from_secs(10);
/// The least time after an answer at which a call can be about it. A client asks about 1 s after
/// its key was refused. A sooner call comes from a second request, or from a program in a loop.
pub(super) const NOTICE: Duration = Duration::from_millis(500);
/// The time before its expiry in which a key is not judged. Claude Code replaces a JWT at each
/// request in its last 30 s.
const ENDING: Duration = Duration::from_secs(60);
/// The longest time after an early call in which another one counts, for clients other than Claude
/// Code. They may ask for several purposes, and only a call that follows at once is surely about
/// the key just given.
pub(super) const AT_ONCE: Duration = Duration::from_secs(10);
/// The time for which a refusal counts against a client's next key, and for which the client is
/// told.
pub(super) const MEMORY: Duration = Duration::from_secs(60);

/// A client's call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// The fingerprint of the request.
    pub(super) id: Fingerprint,
    /// The time at which the helper was started.
    pub(super) at: Moment,
    /// The sign of a refused key.
    pub(super) sign: Sign,
}

/// A sign that a client's key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The client asks again before its hold is over, but not sooner than it can notice a refusal.
    Early {
        hold: Duration,
        notice: Duration,
        /// The time after an early call in which another one is told of the refusal.
        told_within: Duration,
    },
    /// The client reported the key.
    Reported,
}

/// The answer to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Print the key.
    Print,
    /// The API seems to refuse the key: fetch another one, and print it.
    FetchAnother,
    /// The API refuses the source's keys: report that, and ask no source.
    Refuse {
        /// Set for the first call that is told.
        is_new: bool,
    },
}

/// Judges `ask`, to which `key` would be the answer, by the client's earlier answers.
///
/// A call is early if it comes well before the end of the hold of the client's last answer, and
/// that answer was this key. A reported key counts as an early call. The first early call gets
/// another chance, because the key may have been replaced at its source. A second one within a
/// minute is told of the refusal: either the source gave the refused key again, or two of its keys
/// were refused.
///
/// A call that ends the hold of any answer is not early: another process of the same client may
/// have asked since.
///
/// A call after a change of the client's settings is not early. `settings_written_at` returns the
/// time of the last change, and is called only if it matters.
pub(super) fn judge(
    records: &[Record],
    ask: &Ask,
    key: KeyId,
    expires_at: Option<Moment>,
    settings_written_at: impl FnOnce() -> Option<Moment>,
) -> Verdict {
    let is_ending = || expires_at.is_some_and(|end| end.since(ask.at) < ENDING);
    if matches!(ask.sign, Sign::Early { hold, .. } if hold <= NEVER_EARLY || is_ending()) {
        return Verdict::Print;
    }
    let is_recent = |record: &&Record| {
        record.answered_at <= ask.at && ask.at.since(record.answered_at) < MEMORY
    };
    let (told, answers): (Vec<&Record>, Vec<&Record>) = records
        .iter()
        .filter(|record| record.ask == ask.id)
        .partition(|record| record.outcome == Outcome::Refused);
    if matches!(ask.sign, Sign::Early { hold, .. } if ends_hold(&answers, &told, ask.at, hold)) {
        return Verdict::Print;
    }
    if told.iter().any(|record| record.key == key && is_recent(record)) {
        return Verdict::Refuse { is_new: false };
    }
    let Some(last) = answers.iter().max_by_key(|record| record.answered_at) else {
        return Verdict::Print;
    };
    let is_early = last.key == key
        && match ask.sign {
            Sign::Early { hold, notice, .. } => {
                let follows_change =
                    |written_at| last.answered_at <= written_at && written_at <= ask.at;
                last.answered_at.plus(notice) <= ask.at
                    && ask.at < last.asked_at.plus(hold - NEVER_EARLY)
                    && !settings_written_at().is_some_and(follows_change)
            }
            Sign::Reported => last.outcome == Outcome::Reported,
        };
    let told_within = match ask.sign {
        Sign::Early { told_within, .. } => told_within,
        Sign::Reported => MEMORY,
    };
    let was_early = |record: &&Record| {
        let is_recent = is_recent(record) && ask.at.since(record.answered_at) < told_within;
        record.outcome == Outcome::PrintedAnew && is_recent
    };
    match is_early {
        false => Verdict::Print,
        true if answers.iter().any(was_early) => Verdict::Refuse { is_new: true },
        true => Verdict::FetchAnother,
    }
}

/// Returns whether a call at `at` ends the hold of one of `answers`. Only the first call after the
/// hold ends it, from any process. So a client whose next key is refused at once is not excused
/// twice.
fn ends_hold(answers: &[&Record], told: &[&Record], at: Moment, hold: Duration) -> bool {
    let asks = answers.iter().chain(told).map(|record| record.asked_at);
    let before = asks.filter(|asked_at| *asked_at <= at).max();
    answers.iter().any(|answer| {
        let begins_to_end = answer.asked_at.plus(hold - NEVER_EARLY);
        begins_to_end <= at && before < Some(answer.asked_at.plus(hold))
    })
}

#[cfg(test)]
mod tests;
