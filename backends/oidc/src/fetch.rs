//! Gets a key without the user: by the refresh token of a login, or for the client itself.

use api_key_helper_backend::{Credential, Error, Secret, text};
use api_key_helper_http::{Failure, Form};

use crate::answer::{Answer, Code, Verdict};
use crate::endpoint::Endpoints;
use crate::grant::Grant;
use crate::renewal::{Renewal, Standing};
use crate::session::{Session, token_credential};

/// Refreshes the login that is kept.
pub(crate) async fn by_refresh_token(session: Session<'_>) -> Result<Credential, Error> {
    let settings = session.settings;
    // First, for what is missing of the settings keeps a login from working too.
    let client_secret = session.client_secret().await?;
    let Some(mut renewal) = session.attempt.renewal().and_then(Renewal::read) else {
        let source = &settings.source;
        let error = settings.needs_login(format!("there is no sign-in for `{source}`"));
        return Err(error.about(source));
    };
    loop {
        let token = renewal.refresh_token(settings, session.attempt.now())?;
        let endpoints = settings.by_hand.clone().or(&renewal.endpoints);
        // From here on the provider may forget the token that we hold.
        session.attempt.reserve_space().await?;
        let asked_at = session.attempt.now();
        match refresh(&session, &renewal, token, &endpoints, client_secret.as_ref()).await? {
            Refresh::Granted(grant) => {
                let next = renewal.refreshed(settings, &grant, asked_at);
                if next != renewal {
                    session.store(&next).await;
                }
                return session.credential(&grant, &next, &endpoints, asked_at).await;
            }
            Refresh::Refused(answer) => {
                let newer = session.attempt.newer_renewal().await?;
                match newer.as_ref().and_then(Renewal::read) {
                    Some(newer) => renewal = newer,
                    None => return Err(give_up(&session, &renewal, &answer).await),
                }
            }
        }
    }
}

/// Asks for a token of the client itself, without any login (RFC 6749, section 4.4). An answer that
/// is lost costs nothing: there is no code and no refresh token, and the next attempt asks again.
pub(crate) async fn by_client_credentials(session: Session<'_>) -> Result<Credential, Error> {
    let settings = session.settings;
    let endpoints = session.endpoints().await?;
    let endpoint = settings.required(endpoints.token.as_ref(), "token_endpoint")?;
    let client_secret = session.client_secret().await?;
    let form = Form::default().with("grant_type", "client_credentials");
    let mut form = settings.with_token_parameters(form);
    if let Some(input) = &settings.client_assertion {
        let assertion = session.attempt.resolve_as(input, text::Form::Line).await?;
        form = form.with_client_assertion(&assertion);
    }
    let asked_at = session.attempt.now();
    let in_form = endpoints.secret_in_form;
    let answer = session.post(endpoint, form, client_secret.as_ref(), in_form).await?;
    let grant = Grant::read(&answer, settings)?;
    token_credential(grant.access_token()?, grant.key_expires_at(asked_at)?)
}

/// The provider's answer to a refresh token.
enum Refresh {
    Granted(Box<Grant>),
    /// The token is dead.
    Refused(Answer),
}

async fn refresh(
    session: &Session<'_>,
    renewal: &Renewal,
    token: &Secret,
    endpoints: &Endpoints,
    client_secret: Option<&Secret>,
) -> Result<Refresh, Error> {
    let settings = session.settings;
    let endpoint = settings.required(endpoints.token.as_ref(), "token_endpoint")?;
    let mut form =
        Form::default().with("grant_type", "refresh_token").with_secret("refresh_token", token);
    // To ask for more than was granted is an error (RFC 6749, section 6), and Entra ID must
    // know for which of its services the token is.
    let scopes: Vec<&str> =
        settings.scopes.iter().map(String::as_str).filter(|scope| renewal.has(scope)).collect();
    if !scopes.is_empty() {
        form = form.with("scope", &scopes.join(" "));
    }
    let form = settings.with_resources(form);
    let answer = match session.post(endpoint, form, client_secret, endpoints.secret_in_form).await {
        Ok(answer) => answer,
        Err(Failure { error, sent: false }) => return Err(error),
        Err(Failure { error, sent: true }) => {
            return Err(answer_lost(session, renewal, error).await);
        }
    };
    match answer.verdict() {
        Verdict::Good => match Grant::read(&answer, settings) {
            Ok(grant) => Ok(Refresh::Granted(Box::new(grant))),
            Err(error) => Err(answer_lost(session, renewal, error).await),
        },
        Verdict::Refused(Code::InvalidGrant) => Ok(Refresh::Refused(answer)),
        // So some providers refuse a token that was used before.
        Verdict::Foreign if answer.0.status == 400 && answer.0.body.is_empty() => {
            Ok(Refresh::Refused(answer))
        }
        _ if answer.may_hide_a_grant() => {
            Err(answer_lost(session, renewal, answer.error(settings)).await)
        }
        _ => Err(answer.error(settings)),
    }
}

/// The provider may have replaced the token, and we do not know by what. To send the old one
/// again is right all the same: if it was replaced, this login is lost already, and if not, or
/// if the provider is lenient for a while, it still works. It is sent by the next attempt.
async fn answer_lost(session: &Session<'_>, renewal: &Renewal, error: Error) -> Error {
    let marked = renewal.with_answer_lost();
    if marked != *renewal {
        session.store(&marked).await;
    }
    error.with_note("if it had renewed the sign-in, one login is needed")
}

/// Remembers that the login is over, so that its dead token is never sent again.
async fn give_up(session: &Session<'_>, renewal: &Renewal, answer: &Answer) -> Error {
    session.store(&renewal.ended(session.attempt.now())).await;
    let who = renewal.who();
    let because = answer.because();
    session.settings.needs_login(match renewal.standing {
        Standing::Alive { answer_lost: true, .. } => format!(
            "the sign-in{who} is lost: the provider replaced its refresh token, and that answer \
             never arrived{because}"
        ),
        _ => format!("the sign-in{who} has ended{because}"),
    })
}
