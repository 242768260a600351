//! The end of a login (RFC 7009).

use api_key_helper_core::Error;

use crate::answer::Verdict;
use crate::client::Form;
use crate::renewal::{Renewal, Standing};
use crate::session::Session;

impl Session<'_> {
    /// Revokes the refresh token that is kept, and with it what came of it, where the provider has an
    /// endpoint for that.
    pub(crate) async fn revoke(self) -> Result<(), Error> {
        let settings = self.settings;
        let Some(renewal) = self.request.renewal().and_then(Renewal::read) else { return Ok(()) };
        let Standing::Alive { refresh_token, .. } = &renewal.standing else { return Ok(()) };
        let endpoints = settings.by_hand.clone().or(&renewal.endpoints);
        let Some(endpoint) = &endpoints.revocation else { return Ok(()) };
        let client_secret = self.client_secret().await?;
        let form = Form::default()
            .with_secret("token", refresh_token)
            .with("token_type_hint", "refresh_token");
        let answer =
            self.post(endpoint, form, client_secret.as_ref(), endpoints.secret_in_form).await?;
        match answer.verdict() {
            Verdict::Good => Ok(()),
            _ => Err(answer.error(settings)),
        }
    }
}
