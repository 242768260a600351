//! A login in a browser on this machine (RFC 8252).

use std::time::Duration;

use api_key_helper_backend::{Credential, Error, Prompt, Secret, SignInPage};
use api_key_helper_http::quote;
use tokio::time::timeout;

use crate::answer::{Answer, Code, Verdict};
use crate::authorization::{AuthorizationRequest, AuthorizationResponse, Callback, ExpectedIssuer};
use crate::endpoint::Endpoints;
use crate::grant::Grant;
use crate::id_token::Claims;
use crate::loopback::{Loopback, PageRequest};
use crate::page::Page;
use crate::redemption::{Pace, Redemption};
use crate::renewal::Renewal;
use crate::session::Session;

/// Lets the user sign in by a browser on this machine.
pub(crate) async fn login(session: Session<'_>, prompt: &dyn Prompt) -> Result<Credential, Error> {
    let settings = session.settings;
    // Without room to keep it, the user need not sign in.
    session.attempt.reserve_space().await?;
    let client_secret = session.client_secret().await?;
    let endpoints = session.endpoints().await?;
    let page = settings.required(endpoints.authorization.as_ref(), "authorization_endpoint")?;
    settings.required(endpoints.token.as_ref(), "token_endpoint")?;

    // Before the browser is sent there, so that no other process can take the port in between.
    let mut loopback = Loopback::bind(&settings.redirect_uri).await?;
    let authorization = AuthorizationRequest::new(settings, loopback.port(), random_bytes()?);
    let patience = PATIENCE.min(session.attempt.time_left());
    let started_at = session.attempt.now();
    let address = authorization.address(page, settings);
    let ends_at = started_at.checked_add(patience).unwrap_or(started_at);
    prompt.browse(&SignInPage::new(address.as_str(), loopback.port(), ends_at)).await;

    let login = Login {
        session: &session,
        endpoints: &endpoints,
        authorization: &authorization,
        client_secret: client_secret.as_ref(),
    };
    let response = timeout(patience, login.response(&mut loopback)).await;
    let (request, response) =
        response.map_err(|_| settings.needs_login("the sign-in timed out"))?;
    // The browser waits, so that the page can say how it went.
    let result = login.sign_in(response).await;
    let source = &settings.source;
    let page = match &result {
        Ok((_, renewal)) => Page::signed_in(source, &renewal.as_whom()),
        Err(error) => Page::not_signed_in(source, error),
    };
    request.answer(&page).await;
    result.map(|(credential, _)| credential)
}

/// A login that waits for a browser.
struct Login<'a> {
    session: &'a Session<'a>,
    endpoints: &'a Endpoints,
    authorization: &'a AuthorizationRequest,
    client_secret: Option<&'a Secret>,
}

impl Login<'_> {
    /// The answer that the login waits for. Whatever else comes is told so, and ends nothing.
    async fn response(&self, loopback: &mut Loopback) -> (PageRequest, AuthorizationResponse) {
        let expected = ExpectedIssuer {
            issuer: self.session.settings.issuer.as_ref().map(|issuer| issuer.name.as_str()),
            is_announced: self.endpoints.answers_say_issuer,
        };
        loop {
            let request = loopback.next_request().await;
            match self.authorization.callback(&request.target, expected) {
                Callback::Response(response) => return (request, response),
                Callback::OtherPage => request.answer(&Page::nothing()).await,
                Callback::Stray => request.answer(&Page::stray()).await,
            }
        }
    }

    async fn sign_in(
        &self,
        response: AuthorizationResponse,
    ) -> Result<(Credential, Renewal), Error> {
        let Self { session, endpoints, authorization, client_secret } = *self;
        let settings = session.settings;
        let code = match response {
            AuthorizationResponse::Code(code) => code,
            AuthorizationResponse::Foreign(issuer) => return Err(self.mixed_up(issuer.as_deref())),
            AuthorizationResponse::Refusal { error, description } => {
                let from = settings
                    .required(endpoints.authorization.as_ref(), "authorization_endpoint")?;
                // Nothing else that is secret was sent so far.
                let hidden = client_secret.cloned().into_iter().collect();
                let answer = Answer::refusal(from, &error, description.as_deref(), hidden);
                return Err(match answer.verdict() {
                    Verdict::Refused(Code::AccessDenied) => answer.declined(settings),
                    _ => answer.error(settings),
                });
            }
        };
        let started_at = session.attempt.now();
        let redemption = Redemption {
            endpoint: settings.required(endpoints.token.as_ref(), "token_endpoint")?,
            secret_in_form: endpoints.secret_in_form,
            client_secret,
            form: &|| authorization.redemption(&code, settings),
            ends_at: started_at.checked_add(CODE_LIFETIME).unwrap_or(started_at),
        };
        let (grant, asked_at) = redemption.run(session, Pace::eager()).await?;
        self.check_nonce(&grant, authorization.nonce())?;
        let renewal = Renewal::signed_in(settings, &grant, endpoints.clone(), asked_at);
        session.keep_alive(&renewal).await;
        let credential = session.credential(&grant, &renewal, endpoints, asked_at).await?;
        Ok((credential, renewal))
    }

    /// Refuses a `grant` whose ID token is not of this very login (OpenID Connect Core, section
    /// 3.1.3.7, point 11): the code of another login may have been put in its place.
    fn check_nonce(&self, grant: &Grant, nonce: Option<&str>) -> Result<(), Error> {
        let (Some(nonce), Some(token)) = (nonce, &grant.id_token) else { return Ok(()) };
        let claims = Claims::unchecked(token);
        if claims.is_some_and(|claims| claims.nonce.as_deref() == Some(nonce)) {
            return Ok(());
        }
        Err(self.session.settings.needs_login("the provider's ID token is not of this sign-in"))
    }

    fn mixed_up(&self, issuer: Option<&str>) -> Error {
        let wanted = self.session.settings.issuer.as_ref().map_or("", |issuer| &issuer.name);
        let from = match issuer {
            Some(issuer) => format!("`{}`", quote(issuer, &[])),
            None => "a provider that does not name itself".to_owned(),
        };
        Error::misconfigured(format!("the sign-in was answered by {from}, and not by `{wanted}`"))
            .with_hint(self.session.settings.to_login(
                "if that is not where you signed in, tell its administrator; to start again, run",
            ))
    }
}

fn random_bytes() -> Result<[[u8; 32]; 3], Error> {
    let mut bytes = [[0; 32]; 3];
    getrandom::fill(bytes.as_flattened_mut()).map_err(|error| {
        Error::transient(format!("this machine has no random numbers: {error}"))
    })?;
    Ok(bytes)
}

/// How long the browser is waited for.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a provider that cannot be reached is asked for what the code stands for. Some end a
/// code after half a minute, and the browser waits.
const CODE_LIFETIME: Duration = Duration::from_secs(30);
