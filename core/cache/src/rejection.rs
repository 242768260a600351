//! Detects a key that the API refuses.
//!
//! Claude Code does not report a refusal; it only asks again too early. So its answers are recorded
//! in one small file for each client, and a later call is judged by these records. Some other
//! clients behave in the same way, and some report a refusal ([`Channel`]). For all other callers
//! nothing is read or written.

mod client;
mod judge;
mod machine;
mod record;
mod records_file;

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

pub use self::judge::Verdict;
pub use self::record::Record;
pub use self::records_file::{RECORDS_SUFFIX, refused_until};

use self::client::Client;
use self::judge::{AT_ONCE, Ask, MEMORY, NEVER_EARLY, NOTICE, Sign, judge};
use self::record::Outcome;
use self::records_file::RecordsFile;
use crate::claude_code::{SOCKET_VARIABLE, is_claude_code, settings_written_at};
use crate::{Fingerprint, KeyId, Moment, Places};

/// The facts that a helper knows about its own call.
#[derive(Clone, Copy)]
pub struct HelperCall<'a> {
    /// The time at which the helper was started.
    pub at: Moment,
    /// The name of the plan's file, because calls for another profile or configuration are
    /// separate.
    pub plan_file: &'a str,
    /// Other parameters of the request: the key's format, or a server to use it at.
    pub details: &'a [&'a [u8]],
    /// The client's way to show that its key was refused.
    pub channel: Channel,
    /// The folders for records.
    pub places: &'a Places,
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// A client's way to show that its key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Claude Code asks again before its hold is over, but not at once.
    ClaudeCode {
        /// The time for which the client uses a key.
        hold: Duration,
    },
    /// The same process asks again before its hold is over, perhaps at once.
    Again {
        /// The time for which the client uses a key.
        hold: Duration,
    },
    /// Any process of the user reports it ([`Watch::reported`]).
    Report,
}

/// A call of a client whose answers are recorded.
#[derive(Debug)]
pub struct Watch {
    file: RecordsFile,
    ask: Ask,
    channel: Channel,
}

impl Watch {
    /// Begins to watch a client, if its hold is long enough to recognize an early call. Clients are
    /// not watched if records cannot be kept.
    #[must_use]
    pub fn begin(asked: &HelperCall<'_>) -> Option<Self> {
        let variable = asked.variable;
        let (client, sign) = match asked.channel {
            Channel::ClaudeCode { hold } => {
                if hold <= NEVER_EARLY || !is_claude_code(variable) {
                    return None;
                }
                let client = Client::find(variable(SOCKET_VARIABLE).as_deref(), &machine::THIS)?;
                (client, Sign::Early { hold, notice: NOTICE, told_within: MEMORY })
            }
            Channel::Again { hold } if hold <= NEVER_EARLY => return None,
            Channel::Again { hold } => {
                let client = Client::find(None, &machine::THIS)?;
                (client, Sign::Early { hold, notice: Duration::ZERO, told_within: AT_ONCE })
            }
            Channel::Report => (Client::ANY, Sign::Reported),
        };
        let server = variable(SERVER_VARIABLE);
        let server = server.as_ref().map_or(&b""[..], |server| server.as_encoded_bytes());
        let parts = [asked.plan_file.as_bytes(), server];
        let id = Fingerprint::of(parts.into_iter().chain(asked.details.iter().copied()));
        let file = RecordsFile::open(asked.places, &client)?;
        Some(Self { file, ask: Ask { id, at: asked.at, sign }, channel: asked.channel })
    }

    /// Judges the call if `key` would be its answer. `expires_at` is the issuer's expiry of that
    /// key, and `variable` reads an environment variable.
    #[must_use]
    pub fn judge(
        &self,
        key: KeyId,
        expires_at: Option<Moment>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Verdict {
        let settings_written_at = || match self.channel {
            Channel::ClaudeCode { .. } => settings_written_at(variable),
            Channel::Again { .. } | Channel::Report => None,
        };
        judge(self.file.records(), &self.ask, key, expires_at, settings_written_at)
    }

    /// Records that the call with this verdict was answered with this key at `now`.
    pub fn answered(self, verdict: Verdict, key: KeyId, now: Moment) {
        let was_early = verdict == Verdict::FetchAnother;
        if self.channel == Channel::Report && !was_early {
            // A report does not depend on earlier answers.
            return;
        }
        let outcome = if was_early { Outcome::PrintedAnew } else { Outcome::Printed };
        self.record(outcome, key, now);
    }

    /// Records that the client was told at `now` that this key is refused.
    pub fn refused(self, key: KeyId, now: Moment) {
        self.record(Outcome::Refused, key, now);
    }

    /// Records that the client reported at `now` that this key was refused.
    pub fn reported(self, key: KeyId, now: Moment) {
        self.record(Outcome::Reported, key, now);
    }

    fn record(self, outcome: Outcome, key: KeyId, now: Moment) {
        let Ask { id: ask, at, .. } = self.ask;
        let record = Record { asked_at: at, answered_at: now, ask, key, outcome };
        // Without the record, a refusal is at worst noticed later. That needs no warning.
        let _ = self.file.append(record);
    }
}

/// Judges each key in `records`.
#[cfg(any(test, fuzzing))]
pub(crate) fn judge_records(records: &[Record], at: Moment, hold: Duration) {
    for record in records {
        for sign in [Sign::Early { hold, notice: NOTICE, told_within: MEMORY }, Sign::Reported] {
            let _ = judge(records, &Ask { id: record.ask, at, sign }, record.key, None, || None);
        }
    }
}

/// The MCP server for which the client requests headers.
const SERVER_VARIABLE: &str = "CLAUDE_CODE_MCP_SERVER_NAME";

impl fmt::Debug for HelperCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HelperCall").field("at", &self.at).finish_non_exhaustive()
    }
}
