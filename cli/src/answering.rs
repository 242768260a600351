//! Answers one request, from the client's words to the text that it reads, in any format.

pub(crate) mod refusal;
mod successor;

use std::time::Duration;

use api_key_helper_cache::{Demand, KeyId};
use api_key_helper_core::{Answer, Outcome};
use api_key_helper_formats::{Ask, FormatName, IssuedKey, limit};
use api_key_helper_values::Error;
use zeroize::Zeroizing;

use self::refusal::Judgement;
use crate::cli::{Call, Get};
use crate::process::watchdog::{self, Watchdog};
use crate::report::{Reporter, print};
use crate::session::{Session, now};

/// An answer that is not printed yet.
pub(crate) struct PendingAnswer {
    text: Zeroizing<String>,
    key_id: KeyId,
    judged: Option<Judgement>,
    /// Set if a source is due for a refresh in the background.
    refresh: bool,
    warnings: Vec<String>,
    /// Runs until the answer is printed: a client that does not read must not block this process.
    _watchdog: Watchdog,
}

/// Answers `ask`; `None` if another credential helper may know a key for it.
pub(crate) async fn answer(
    session: &Session,
    call: &Call,
    get: &Get,
    ask: &Ask,
) -> Result<Option<PendingAnswer>, Error> {
    if !ask.is_for(&session.profile.name, &session.profile.format)? {
        return Ok(None);
    }
    let asked_at = call.asked_at.unwrap_or_else(|| now(&session.clock));
    let deadline = deadline(session, get)?;
    let watchdog = watchdog::start(deadline);
    let judged = refusal::judge(session, ask, asked_at).await?;
    let demand = match judged.as_ref().and_then(|judged| judged.demand) {
        Some(another) => another,
        None if get.refresh => Demand::FetchedSince(now(&session.clock)),
        None => Demand::Printable,
    };
    // The fetch starts first, so that the disk is read while its answer is on the way.
    let asked = async {
        // A user who passes `--deadline` wants to read why it was exceeded. The process is not
        // killed at it.
        let is_impatient = get.deadline.is_none() && deadline < session.profile.deadline;
        if is_impatient && session.shares_keys() {
            successor::ask_behind(session, call, demand, deadline).await;
        }
        session.get(demand, deadline).await
    };
    let Outcome { answer, warnings } = session.attend(asked).await;
    // Clients show only the first lines of stderr when a call fails. Nothing may stand before the
    // error, not even the warning that the key cannot be printed.
    let Answer { key, key_id, source, validity, refresh, .. } = answer?;
    let ask_again_at =
        session.profile.policy.ask_again_at(&validity, session.hold(), now(&session.clock));
    let given =
        IssuedKey { key: &key, source: &source, expires_at: validity.expires_at, ask_again_at };
    let text = ask.answer(&given, &session.profile.format)?;
    Ok(Some(PendingAnswer { text, key_id, judged, refresh, warnings, _watchdog: watchdog }))
}

impl PendingAnswer {
    /// Prints the answer, then records it and starts a refresh that is due.
    pub(crate) fn give(
        self,
        session: &Session,
        call: &Call,
        reporter: &Reporter,
    ) -> Result<(), Error> {
        print(&self.text)?;
        // Google's libraries read stderr as a part of the answer.
        if session.format != FormatName::GoogleExecutable {
            // Without a state folder, nothing can be cached: the session's warning explains all
            // others.
            let none = session.warnings.is_empty();
            reporter.warn(if none { &self.warnings } else { &session.warnings });
        }
        if let Some(judged) = self.judged {
            judged.answered(self.key_id, now(&session.clock));
        }
        if self.refresh {
            successor::refresh_behind(call);
        }
        Ok(())
    }
}

/// The longest time of a call: `--deadline`, or else the profile's deadline, up to the client's own
/// limit.
pub(crate) fn deadline(session: &Session, get: &Get) -> Result<Duration, Error> {
    if let Some(deadline) = get.deadline {
        let key = ["profile", &session.profile.name, "deadline"];
        session.configuration.check_unlocked(&key, "`--deadline`")?;
        return Ok(deadline);
    }
    Ok(patience(session))
}

/// The profile's deadline, up to the time that the client waits.
pub(crate) fn patience(session: &Session) -> Duration {
    let own = session.profile.deadline;
    limit(session.format).map_or(own, |limit| own.min(limit))
}
