//! `logout`: gives a sign-in back, and forgets it.

use api_key_helper_values::{Error, Hint, visible};

use crate::cli::{Call, Logout};
use crate::environment::Environment;
use crate::report::{Reporter, tell};
use crate::session::Session;

/// Signs out. Whatever the provider says, nothing is left on this machine.
///
/// # Errors
/// When something is left, or was not revoked.
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

/// The next step, with the refusal's own hint, which helps at the next time: the sign-in is
/// forgotten here, and ends at the provider alone.
fn hint(refusal: &Error) -> Hint {
    refusal.hint().map_or_else(|| REVOKE.into(), |hint| hint.clone().preceded_by(REVOKE))
}

const REVOKE: &str =
    "revoke the sign-in at the provider, on its page of your sessions or applications";
