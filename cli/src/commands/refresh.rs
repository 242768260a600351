//! `refresh`: refreshes in the background, after an answer. Its output is not shown.

use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, Moment};

use crate::cli::{Call, Refresh};
use crate::environment::Environment;
use crate::process::watchdog;
use crate::report::Reporter;
use crate::session::Session;

/// Refreshes a key that is due or was refused.
pub(crate) async fn run(
    call: &Call,
    refresh: &Refresh,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    // The caller's folder may be removed or unmounted later. Changed only here, because a
    // configuration may be named relative to it.
    let _ = std::env::set_current_dir("/");
    let deadline = session.profile.deadline;
    let _watchdog = watchdog::start(deadline);
    session.sweep();
    let demand = demand(&session, refresh).await?;
    let outcome = session.get(demand, deadline).await;
    reporter.warn(&outcome.warnings);
    outcome.answer.map(drop)
}

/// Accepts a fresh key. With `--instead-of`, accepts only another key than the cached one, if that
/// is still the same.
async fn demand(session: &Session, refresh: &Refresh) -> Result<Demand, Error> {
    let Some(since) = refresh.instead_of.map(Moment::from_unix_millis) else {
        return Ok(Demand::Fresh);
    };
    let found = session.on_disk().await?.filter(|found| found.key_id.since == since);
    Ok(found.map_or(Demand::Fresh, |found| Demand::Another(found.key_id)))
}
