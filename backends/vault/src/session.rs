//! One attempt.

use api_key_helper_core::{Credential, Error, FetchRequest};
use vaultrs::api::token::requests::RevokeTokenSelfRequest;

use crate::answer::Verdict;
use crate::auth::Auth;
use crate::call::Call;
use crate::client::Client;
use crate::config::Settings;
use crate::renewal::Renewal;

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) request: FetchRequest<'a>,
    pub(crate) client: Client<'a>,
    pub(crate) renewal: Renewal,
}

impl<'a> Session<'a> {
    pub(crate) fn new(settings: &'a Settings, request: FetchRequest<'a>) -> Self {
        let client = Client::new(&settings.connection, request);
        Self { settings, request, client, renewal: Renewal::read(request.renewal()) }
    }

    /// Reads the key with a token that lives, and logs in once more at most.
    pub(crate) async fn fetch(mut self) -> Result<Credential, Error> {
        let target = &self.settings.target;
        let mut token = self.token().await?;
        loop {
            if let Some(credential) = self.extended_lease(&token).await? {
                return Ok(self.finish(credential));
            }
            let asked_at = self.request.now();
            let (verdict, answer) = self.client.call(&target.call()?, Some(&token.secret)).await?;
            match verdict {
                Verdict::Good => {
                    let credential = self.read_key(&answer, asked_at, &token).await?;
                    return Ok(self.finish(credential));
                }
                // A second time, the token is fresh, and this is an error.
                Verdict::Forbidden => token = self.another_token(token, &answer).await?,
                other => return Err(target.refusal(other, &answer)),
            }
        }
    }

    /// Gives back what is ours: the token of our login, and with it all that it leased. Of a token
    /// that was given to us only the lease is ours.
    pub(crate) async fn revoke(mut self) -> Result<(), Error> {
        let settings = self.settings;
        let now = self.request.now();
        match &settings.auth {
            Auth::Login(_) => {
                let Some(token) = self.renewal.token.take_if(|token| token.is_alive(now)) else {
                    return Ok(());
                };
                let call = Call::to(&RevokeTokenSelfRequest {})?;
                match self.client.call(&call, Some(&token.secret)).await?.0 {
                    // A batch token cannot be revoked.
                    Verdict::Refused => self.revoke_lease(&token.secret).await,
                    _ => Ok(()),
                }
            }
            Auth::Given { .. } if self.renewal.lease.is_some() => {
                let token = self.token().await?;
                self.revoke_lease(&token.secret).await
            }
            Auth::Given { .. } => Ok(()),
        }
    }

    /// Makes the renewal durable. A disk that refuses is no reason to go without a key: the engine
    /// says so when it saves.
    pub(crate) async fn keep(&self) {
        let _ = self.request.keep(&self.renewal.to_secret()).await;
    }

    fn finish(&self, mut credential: Credential) -> Credential {
        if !self.renewal.is_empty() || self.request.renewal().is_some() {
            credential.renewal = Some(self.renewal.to_secret());
        }
        credential
    }
}
