//! A login in a browser on this machine (RFC 8252).

use std::time::Duration;

use api_key_helper_core::{Credential, Error, Prompt, Secret, SignInPage};
use tokio::time::timeout;

use crate::answer::{Answer, Code, Verdict};
use crate::authorization::{AuthorizationRequest, Brought, Decision, Expected};
use crate::discovery::Endpoints;
use crate::grant::Grant;
use crate::id_token::Claims;
use crate::loopback::{Loopback, Visit};
use crate::pace::Pace;
use crate::page::Page;
use crate::redemption::Redemption;
use crate::renewal::Renewal;
use crate::session::Session;

/// A login that began, and waits for a browser.
struct Waiting<'a> {
    endpoints: &'a Endpoints,
    authorization: &'a AuthorizationRequest,
    client_secret: Option<&'a Secret>,
}

impl Session<'_> {
    /// Lets a human sign in by a browser on this machine.
    pub(crate) async fn login_by_browser(self, prompt: &dyn Prompt) -> Result<Credential, Error> {
        let settings = self.settings;
        // The human is not troubled for what cannot be kept.
        self.request.make_room().await?;
        let client_secret = self.client_secret().await?;
        let endpoints = self.endpoints().await?;
        let page = settings.needed(endpoints.authorization.as_ref(), "authorization_endpoint")?;
        settings.needed(endpoints.token.as_ref(), "token_endpoint")?;

        // Before the browser is sent there: nobody else can take the port in between.
        let mut loopback = Loopback::bind(&settings.redirect_uri).await?;
        let authorization = AuthorizationRequest::new(settings, loopback.port(), chance()?);
        let patience = PATIENCE.min(self.request.time_left());
        let started_at = self.request.now();
        prompt
            .browse(&SignInPage {
                address: authorization.address(page, settings).as_str(),
                port: loopback.port(),
                expires_at: started_at.checked_add(patience).unwrap_or(started_at),
            })
            .await;

        let waiting = Waiting {
            endpoints: &endpoints,
            authorization: &authorization,
            client_secret: client_secret.as_ref(),
        };
        let answered = timeout(patience, self.answered(&mut loopback, &waiting)).await;
        let (visit, decision) = answered
            .map_err(|_| settings.needs_login("nobody signed in before the time was over"))?;
        // The browser waits, so that the page can say how it went.
        let result = self.sign_in(&waiting, decision).await;
        let source = &settings.source;
        let page = match &result {
            Ok((_, renewal)) => Page::signed_in(source, &renewal.as_whom()),
            Err(error) => Page::not_signed_in(source, error),
        };
        visit.answer(&page).await;
        result.map(|(credential, _)| credential)
    }

    /// The answer that the login waits for. Whatever else comes is told so, and ends nothing.
    async fn answered(&self, loopback: &mut Loopback, waiting: &Waiting<'_>) -> (Visit, Decision) {
        let expected = Expected {
            issuer: self.settings.issuer.as_ref().map(|issuer| issuer.name.as_str()),
            is_announced: waiting.endpoints.answers_say_issuer,
        };
        loop {
            let visit = loopback.visit().await;
            match waiting.authorization.brought(&visit.target, expected) {
                Brought::Decision(decision) => return (visit, decision),
                Brought::Nothing => visit.answer(&Page::nothing()).await,
                Brought::Stray => visit.answer(&Page::stray()).await,
            }
        }
    }

    async fn sign_in(
        &self,
        waiting: &Waiting<'_>,
        decision: Decision,
    ) -> Result<(Credential, Renewal), Error> {
        let Waiting { endpoints, authorization, client_secret } = *waiting;
        let settings = self.settings;
        let code = match decision {
            Decision::Code(code) => code,
            Decision::Foreign(issuer) => return Err(self.mixed_up(issuer.as_deref())),
            Decision::Refusal { error, description } => {
                let from =
                    settings.needed(endpoints.authorization.as_ref(), "authorization_endpoint")?;
                let answer = Answer::refusal(from, &error, description.as_deref());
                return Err(match answer.verdict() {
                    Verdict::Refused(Code::AccessDenied) => answer.declined(settings),
                    _ => answer.error(settings),
                });
            }
        };
        let started_at = self.request.now();
        let redemption = Redemption {
            endpoint: settings.needed(endpoints.token.as_ref(), "token_endpoint")?,
            secret_in_form: endpoints.secret_in_form,
            client_secret,
            form: &|| authorization.redemption(&code, settings),
            ends_at: started_at.checked_add(CODE_LIFETIME).unwrap_or(started_at),
        };
        let (grant, asked_at) = self.redeem(&redemption, Pace::eager()).await?;
        self.is_answer(&grant, authorization.nonce())?;
        let renewal = Renewal::signed_in(settings, &grant, endpoints.clone(), asked_at);
        self.keep(&renewal).await;
        let credential = self.credential(&grant, &renewal, endpoints, asked_at).await?;
        Ok((credential, renewal))
    }

    /// Whether the ID token of `grant` came of this very login (OpenID Connect Core, section 3.1.3.7,
    /// point 11): else somebody has put the code of another login in its place.
    fn is_answer(&self, grant: &Grant, nonce: Option<&str>) -> Result<(), Error> {
        let (Some(nonce), Some(token)) = (nonce, &grant.id_token) else { return Ok(()) };
        let claims = Claims::unchecked(token);
        if claims.is_some_and(|claims| claims.nonce.as_deref() == Some(nonce)) {
            return Ok(());
        }
        Err(self.settings.needs_login("the provider's ID token is not of this sign-in"))
    }

    fn mixed_up(&self, issuer: Option<&str>) -> Error {
        let wanted = self.settings.issuer.as_ref().map_or("", |issuer| &issuer.name);
        let from = match issuer {
            Some(issuer) => {
                let shown: String = issuer.chars().filter(|c| !c.is_control()).take(200).collect();
                format!("`{shown}`")
            }
            None => "somebody who does not say who it is".to_owned(),
        };
        Error::misconfigured(format!("the sign-in was answered by {from}, and not by `{wanted}`"))
            .with_hint(format!(
                "if that is not where you signed in, tell whoever runs it; to start anew, run {}",
                self.settings.login_command()
            ))
    }
}

fn chance() -> Result<[[u8; 32]; 3], Error> {
    let mut chance = [[0; 32]; 3];
    getrandom::fill(chance.as_flattened_mut()).map_err(|error| {
        Error::transient(format!("this machine has no random numbers: {error}"))
    })?;
    Ok(chance)
}

/// How long the browser is waited for.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a provider that cannot be reached is asked for what the code stands for. Some end a code
/// after half a minute, and the browser waits.
const CODE_LIFETIME: Duration = Duration::from_secs(30);
