//! `logout`: gives a sign-in back, and forgets it.

use api_key_helper_core::Error;

use crate::cli::{Call, Logout};
use crate::environment::Environment;
use crate::report::{Reporter, tell};
use crate::session::Session;

/// Signs out. Whatever the provider says, nothing is left on this machine.
///
/// # Errors
/// When something is left.
pub(crate) async fn run(
    call: &Call,
    logout: &Logout,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    reporter.warn(&session.warnings);
    let source = session.source_to_sign_out_of(logout.source.as_deref())?;
    for refusal in session.logout(&source).await? {
        reporter.warn(&[format!("the provider did not take the sign-in back: {refusal}")]);
    }
    let left = session.unopened(&source.planned.id);
    if !left.is_empty() {
        reporter.warn(&[format!(
            "what another key sealed stays, see `api-key-helper seal`: `{}`",
            left.join("`, `")
        )]);
    }
    tell(&format!("Signed out of `{}`.\n", source.planned.id.source));
    Ok(())
}
