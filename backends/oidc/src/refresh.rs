//! A key from the renewal, without a human.

use api_key_helper_core::{Credential, Error, Secret};
use api_key_helper_http::Failure;

use crate::answer::{Answer, Code, Verdict};
use crate::client::Form;
use crate::discovery::Endpoints;
use crate::grant::Grant;
use crate::renewal::{Renewal, Standing};
use crate::session::Session;

/// A provider's answer to a refresh token.
enum Refreshed {
    Granted(Box<Grant>),
    /// The token is dead.
    Refused(Answer),
}

impl Session<'_> {
    /// Refreshes the login that is kept.
    pub(crate) async fn fetch(self) -> Result<Credential, Error> {
        let settings = self.settings;
        let Some(mut renewal) = self.request.renewal().and_then(Renewal::read) else {
            let source = &settings.source;
            return Err(settings.needs_login(format!("nobody has signed in for `{source}`")));
        };
        loop {
            let token = renewal.refresh_token(settings, self.request.now())?;
            let endpoints = settings.by_hand.clone().or(&renewal.endpoints);
            let client_secret = self.client_secret().await?;
            // From here on the provider may forget the token that we hold.
            self.request.make_room().await?;
            let asked_at = self.request.now();
            match self.refresh(&renewal, token, &endpoints, client_secret.as_ref()).await? {
                Refreshed::Granted(grant) => {
                    let next = renewal.refreshed(settings, &grant, asked_at);
                    if next != renewal {
                        self.keep(&next).await;
                    }
                    return self.credential(&grant, &next, &endpoints, asked_at).await;
                }
                Refreshed::Refused(answer) => {
                    let newer = self.request.newer_renewal().await?;
                    match newer.as_ref().and_then(Renewal::read) {
                        Some(newer) => renewal = newer,
                        None => return Err(self.give_up(&renewal, &answer).await),
                    }
                }
            }
        }
    }

    async fn refresh(
        &self,
        renewal: &Renewal,
        token: &Secret,
        endpoints: &Endpoints,
        client_secret: Option<&Secret>,
    ) -> Result<Refreshed, Error> {
        let settings = self.settings;
        let endpoint = settings.needed(endpoints.token.as_ref(), "token_endpoint")?;
        let mut form =
            Form::default().with("grant_type", "refresh_token").with_secret("refresh_token", token);
        // To ask for more than was granted is an error (RFC 6749, section 6), and Entra ID wants to
        // be told for which of its services the token is.
        let scopes: Vec<&str> =
            settings.scopes.iter().map(String::as_str).filter(|scope| renewal.has(scope)).collect();
        if !scopes.is_empty() {
            form = form.with("scope", &scopes.join(" "));
        }
        for resource in &settings.resources {
            form = form.with("resource", resource);
        }
        let answer = match self.post(endpoint, form, client_secret, endpoints.secret_in_form).await
        {
            Ok(answer) => answer,
            Err(Failure { error, sent: false }) => return Err(error),
            Err(Failure { error, sent: true }) => {
                return Err(self.lost_answer(renewal, error).await);
            }
        };
        match answer.verdict() {
            Verdict::Good => match answer.document(settings) {
                Ok(grant) => Ok(Refreshed::Granted(Box::new(grant))),
                Err(error) => Err(self.lost_answer(renewal, error).await),
            },
            Verdict::Refused(Code::InvalidGrant) => Ok(Refreshed::Refused(answer)),
            // So some providers refuse a token that was used before.
            Verdict::Foreign if answer.0.status == 400 && answer.0.body.is_empty() => {
                Ok(Refreshed::Refused(answer))
            }
            _ if answer.may_hide_a_grant() => {
                Err(self.lost_answer(renewal, answer.error(settings)).await)
            }
            _ => Err(answer.error(settings)),
        }
    }

    /// The provider may have replaced the token, and we do not know by what. To send the old one
    /// again is right all the same: if it was replaced, this login is lost already, and if not, or
    /// if the provider is lenient for a while, it still works. It is sent by the next attempt.
    async fn lost_answer(&self, renewal: &Renewal, error: Error) -> Error {
        let marked = renewal.with_answer_lost();
        if marked != *renewal {
            self.keep(&marked).await;
        }
        let message = format!("{error}; if it had renewed the sign-in, one login is needed");
        let mut lost = Error::new(error.kind(), message);
        if let Some(hint) = error.hint() {
            lost = lost.with_hint(hint);
        }
        if let Some(wait) = error.retry_after() {
            lost = lost.with_retry_after(wait);
        }
        lost
    }

    /// Remembers that the login is over, so that its dead token is never sent again.
    async fn give_up(&self, renewal: &Renewal, answer: &Answer) -> Error {
        self.keep(&renewal.ended(self.request.now())).await;
        let who = renewal.who();
        let because = answer.because();
        self.settings.needs_login(match renewal.standing {
            Standing::Alive { answer_lost: true, .. } => format!(
                "the sign-in{who} is lost: the provider replaced its refresh token, and that answer \
                 never arrived{because}"
            ),
            _ => format!("the sign-in{who} has ended{because}"),
        })
    }
}
