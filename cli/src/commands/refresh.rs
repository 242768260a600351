//! `refresh`: what happens behind an answer that has been given. Nobody sees what it says.

use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, Moment};

use crate::cli::{Call, Refresh};
use crate::environment::Environment;
use crate::process::watchdog;
use crate::report::Reporter;
use crate::session::Session;

/// Refreshes what is due, or what is refused.
///
/// # Errors
/// As `get`.
pub(crate) async fn run(
    call: &Call,
    refresh: &Refresh,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    // The caller's folder may be removed or unmounted. A configuration may be named relative to it.
    let _ = std::env::set_current_dir("/");
    let deadline = session.profile.deadline;
    let _watchdog = watchdog::start(deadline);
    session.sweep();
    let demand = demand(&session, refresh).await?;
    let outcome = session.get(demand, deadline).await;
    reporter.warn(&outcome.warnings);
    outcome.answer.map(drop)
}

/// A key that is fresh; or another one than that which is there, if it is still the one that was.
async fn demand(session: &Session, refresh: &Refresh) -> Result<Demand, Error> {
    let Some(since) = refresh.instead_of.map(Moment::from_unix_millis) else {
        return Ok(Demand::Fresh);
    };
    let found = session.on_disk().await?.filter(|found| found.key_id.since == since);
    Ok(found.map_or(Demand::Fresh, |found| Demand::Another(found.key_id)))
}
