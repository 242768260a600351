//! The end of a login (RFC 7009).

use api_key_helper_backend::Error;
use api_key_helper_http::Form;

use crate::answer::Verdict;
use crate::client::Proof;
use crate::renewal::{Renewal, Standing};
use crate::session::Session;

/// Revokes the refresh token that is kept, and with it what came of it. It may be of other
/// settings: then it goes to the provider that granted it, as of the client that it was granted to.
pub(crate) async fn revoke(session: Session<'_>) -> Result<(), Error> {
    let settings = session.settings;
    let Some(kept) = session.attempt.renewal() else { return Ok(()) };
    let renewal = Renewal::read(kept).ok_or_else(Error::of_another_backend)?;
    let Standing::Alive { refresh_token, .. } = &renewal.standing else { return Ok(()) };
    let holder = renewal.holder.as_ref();
    let client_id = holder.map_or(&settings.client_id, |holder| &holder.client_id);
    let is_own = renewal.is_of(settings);
    let mut endpoints = renewal.endpoints.clone();
    if is_own {
        endpoints = settings.by_hand.clone().or(&endpoints);
    }
    let Some(endpoint) = &endpoints.revocation else {
        let issuer = holder.and_then(|holder| holder.issuer.as_deref());
        let issuer = issuer.unwrap_or("the provider");
        let message = format!("`{issuer}` names no `revocation_endpoint`");
        return Err(Error::misconfigured(message).with_hint(format!(
            "if it has one, set it in `[source.{}]` before the next login",
            settings.source
        )));
    };
    let form = Form::default()
        .with_secret("token", refresh_token)
        .with("token_type_hint", "refresh_token");
    let answer = if is_own {
        let client_secret = session.client_secret().await?;
        session.post(endpoint, form, client_secret.as_ref(), endpoints.secret_in_form).await?
    } else {
        // The secret of the present settings is none of another client's or provider's business.
        let form = form.with("client_id", client_id);
        session.client.post(endpoint, form, &Proof::Form).await?
    };
    match answer.verdict() {
        Verdict::Good => Ok(()),
        // It may be another client than that of the settings.
        Verdict::Refused(_) => {
            let (from, because) = (&answer.0.from, answer.because());
            Err(Error::misconfigured(format!(
                "`{from}` refused to revoke the sign-in of the client `{client_id}`{because}"
            )))
        }
        _ => Err(answer.error(settings)),
    }
}
