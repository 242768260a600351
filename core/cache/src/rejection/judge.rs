//! Whether an ask means that the API refused a key.

use std::time::Duration;

use super::record::{Outcome, Record};
use crate::{Fingerprint, KeyId, Moment};

/// By how much earlier than at the end of its hold a client has to ask for its ask to be early.
pub(super) const NEVER_EARLY: Duration = Duration::from_secs(10);
/// A client asks about 1 s after its key was refused. An ask that comes sooner after an answer
/// cannot be about it: the client had two requests under way, or it is a program in a loop.
pub(super) const NOTICE: Duration = Duration::from_millis(500);
/// Claude Code replaces a JWT at each request from 30 s before its end on.
const ENDING: Duration = Duration::from_secs(60);
/// Other clients than Claude Code may have several asks of their own, one for each thing that they
/// do: only one that follows at once is surely about the key that it was given.
pub(super) const AT_ONCE: Duration = Duration::from_secs(10);
/// For how long a refusal is held against a client's next key, and for how long it is told so.
pub(super) const MEMORY: Duration = Duration::from_secs(60);

/// What a client asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// What it asks for.
    pub(super) id: Fingerprint,
    /// When its helper was started.
    pub(super) at: Moment,
    /// What tells that its key was refused.
    pub(super) sign: Sign,
}

/// What tells that a client's key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It asks again before it has used a key for this long, and not sooner than it can notice.
    Early {
        hold: Duration,
        notice: Duration,
        /// For how long after an early ask another one is told.
        told_within: Duration,
    },
    /// It reported the key.
    Reported,
}

/// What to do about an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Print the key.
    Print,
    /// The API seems to refuse the key: ask its source for another one, and print what comes.
    FetchAnother,
    /// The API refuses what the source gives: say so, and ask nobody.
    Refuse {
        /// Whether this ask is the first that is told so.
        is_new: bool,
    },
}

/// Judges `ask`, which `key` would answer, by what the client was answered before.
///
/// An ask is early when it comes well before the end of the hold of the client's last answer, and
/// that was this very key; or when this very key was reported since. The first early ask is given
/// another chance: perhaps the key was replaced at its source. Another one within a minute is told:
/// either the source gave the refused key again, or two of its keys were refused.
///
/// No ask is early that ends the hold of any answer, not only of the last one: another process
/// under the same client may have asked since.
///
/// No ask is early by which the client follows a change of its settings: `settings_written_at` says
/// when the last one was, and is asked for only where that decides.
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

/// Returns whether an ask at `at` ends the hold of one of `answers`. One ask ends it: the first
/// that comes after it, by whatever process. So a client whose next key is refused at once is not
/// excused twice.
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
