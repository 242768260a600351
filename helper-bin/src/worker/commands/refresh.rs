//! `refresh`: what happens behind an answer that has been given. Nobody sees what it says.

use api_key_helper_core::Error;
use api_key_helper_core::engine::Demand;

use crate::cli::Call;
use crate::environment::Environment;
use crate::report::Reporter;
use crate::session::Session;
use crate::watchdog;

/// Refreshes what is due.
///
/// # Errors
/// As `get`.
pub(crate) async fn run(
    call: &Call,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    let deadline = session.profile.deadline;
    let _watchdog = watchdog::start(deadline);
    session.sweep();
    let outcome = session.get(Demand::Fresh, deadline).await;
    reporter.warn(&outcome.warnings);
    outcome.answer.map(drop)
}
