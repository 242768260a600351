//! `logout`: revokes a sign-in, and forgets it.

use api_key_helper_values::{Error, Hint, visible};

use crate::cli::{Call, Logout};
use crate::environment::Environment;
use crate::report::{Reporter, tell};
use crate::session::Session;

/// Signs out. Nothing is left on this machine, even if the provider refuses. Fails if a file is
/// left, or if a sign-in was not revoked.
pub(crate) async fn run(
    call: &Call,
    logout: &Logout,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    reporter.warn(&session.warnings);
    let source = session.source_to_sign_out_of(logout.source.as_deref())?;
    let name = visible(&source.planned.id.source);
    let refusals = session.logout(&source).await?;
    let Some((first, others)) = refusals.split_first() else {
        tell(&format!("Signed out of `{name}`.\n"));
        return Ok(());
    };
    for refusal in others {
        reporter.warn(&[format!("not revoked: {refusal:#}; {}", hint(refusal))]);
    }
    let message = format!("`{name}` is signed out on this machine only: {first:#}");
    Err(Error::new(first.kind(), message).with_hint(hint(first)))
}

/// The next step, followed by the refusal's own hint for the next time. The sign-in is already
/// forgotten here, so only the provider's page can end it.
fn hint(refusal: &Error) -> Hint {
    refusal.hint().map_or_else(|| REVOKE.into(), |hint| hint.clone().preceded_by(REVOKE))
}

const REVOKE: &str =
    "revoke the sign-in at the provider, on its page of your sessions or applications";
