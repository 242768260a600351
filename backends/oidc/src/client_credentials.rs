//! A key for a machine: the client asks for itself (RFC 6749, section 4.4).

use api_key_helper_core::{Credential, Error};

use crate::client::Form;
use crate::grant::Grant;
use crate::session::Session;

impl Session<'_> {
    /// Asks for a token without any login. An answer that is lost costs nothing: there is no code and
    /// no refresh token, and the next attempt asks again.
    pub(crate) async fn fetch_as_client(self) -> Result<Credential, Error> {
        let settings = self.settings;
        let endpoints = self.endpoints().await?;
        let endpoint = settings.needed(endpoints.token.as_ref(), "token_endpoint")?;
        let client_secret = self.client_secret().await?;
        let form = Form::default().with("grant_type", "client_credentials");
        let mut form = settings.wanting(form);
        if let Some(input) = &settings.client_assertion {
            let assertion = self.request.resolve(input).await?;
            form = form.with_client_assertion(&assertion);
        }
        let asked_at = self.request.now();
        let in_form = endpoints.secret_in_form;
        let answer = self.post(endpoint, form, client_secret.as_ref(), in_form).await?;
        let grant: Grant = answer.document(settings)?;
        Self::keyed(&grant.access_token, grant.key_expires_at(asked_at))
    }
}
