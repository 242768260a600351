//! `get`: the key on stdout.

use api_key_helper_core::Error;
use api_key_helper_core::engine::{Answer, Demand, Outcome};

use crate::cli::{Call, Get};
use crate::environment::Environment;
use crate::report::{Reporter, print};
use crate::session::{Session, now};
use crate::{refusal, successor, watchdog};

/// Prints the key.
///
/// # Errors
/// The first source's that was asked.
pub(crate) async fn run(
    call: &Call,
    get: &Get,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    let asked_at = call.asked_at.unwrap_or_else(|| now(&session.clock));
    if get.deadline.is_some() {
        let key = ["profile", &session.profile.name, "deadline"];
        session.configuration.check_unlocked(&key, "`--deadline`")?;
    }
    let deadline = get.deadline.unwrap_or(session.profile.deadline);
    watchdog::start(deadline);
    let judged = refusal::judge(&session, call, asked_at).await?;
    let demand = match judged.as_ref().and_then(|judged| judged.demand) {
        Some(another) => another,
        None if get.refresh => Demand::FetchedSince(now(&session.clock)),
        None => Demand::Printable,
    };
    // The source is asked first: while its answer is on the way, there is time for the disk.
    let asked = session.get(demand, deadline);
    let (Outcome { answer, warnings }, ()) = tokio::join!(asked, session.write_plan());
    // Of an error's caller only the first lines are seen: nothing stands before it, not even what
    // there is to say about a key that cannot be printed.
    let Answer { key, key_id, refresh, .. } = answer?;
    print(key.expose())?;
    // Without a state folder, nothing else about it is worth saying.
    reporter.warn(if session.warnings.is_empty() { &warnings } else { &session.warnings });
    if let Some(judged) = judged {
        judged.answered(key_id, now(&session.clock));
    }
    if refresh {
        successor::refresh_behind(call);
    }
    Ok(())
}
