//! The token of an attempt: kept, read from a secret input, or by a login.

use std::time::SystemTime;

use api_key_helper_backend::text::Form;
use api_key_helper_backend::{Error, ErrorKind, Secret, SecretInput};
use vaultrs::api::token::requests::{LookupTokenSelfRequest, RenewTokenSelfRequest};

use crate::answer::{Answer, Verdict, lifetime};
use crate::auth::{Auth, Login, Method};
use crate::call::Call;
use crate::renewal::{Token, WrappedSecret, end};
use crate::session::Session;
use crate::token_helper::TokenHelper;
use crate::wrapping;

/// The token that an attempt uses.
#[derive(Debug)]
pub(crate) struct ActiveToken {
    pub(crate) secret: Secret,
    /// We logged in for it just now.
    fresh: bool,
    may_look_up: bool,
}

/// The server's answer about a token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    Alive {
        /// `None`: it has no end.
        expires_at: Option<SystemTime>,
    },
    Dead,
}

impl Lookup {
    pub(crate) const fn is_alive(self) -> bool {
        matches!(self, Self::Alive { .. })
    }

    pub(crate) const fn expires_at(self) -> Option<SystemTime> {
        match self {
            Self::Alive { expires_at } => expires_at,
            Self::Dead => None,
        }
    }
}

/// A token that lives as far as can be known without asking.
pub(crate) async fn current(session: &mut Session<'_>) -> Result<ActiveToken, Error> {
    let settings = session.settings;
    match &settings.auth {
        Auth::External { input, by_login_command } => {
            let secret = external_token(session, input, by_login_command.as_ref()).await?;
            Ok(ActiveToken { secret, fresh: false, may_look_up: true })
        }
        Auth::Login(login) => {
            let now = session.attempt.now();
            match session.renewal.token.take_if(|token| token.is_alive(now)) {
                Some(token) => Ok(kept_token(session, token).await),
                None => log_in(session, login).await,
            }
        }
    }
}

/// Another token in place of one that was `forbidden` to do what was asked, if that is because it
/// is dead: the server says the same for a dead token and for a missing right.
pub(crate) async fn replace(
    session: &mut Session<'_>,
    token: ActiveToken,
    forbidden: &Answer,
) -> Result<ActiveToken, Error> {
    let settings = session.settings;
    if token.fresh && !token.may_look_up {
        return Err(settings.target.denied(forbidden));
    }
    if look_up(session, &token.secret).await?.is_alive() {
        return Err(settings.target.denied(forbidden));
    }
    match &settings.auth {
        Auth::External { by_login_command, .. } => {
            Err(rejected(session, by_login_command.as_ref()))
        }
        // A standby serves reads from its own copy, which is a moment behind.
        Auth::Login(_) if token.fresh => {
            Err(Error::transient("vault does not know yet the token that it has just given out"))
        }
        Auth::Login(login) => log_in(session, login).await,
    }
}

/// Asks the server about `token`.
pub(crate) async fn look_up(session: &mut Session<'_>, token: &Secret) -> Result<Lookup, Error> {
    let asked_at = session.attempt.now();
    let call = Call::to(&LookupTokenSelfRequest {})?;
    match session.client.call(&call, Some(token)).await? {
        (Verdict::Good, answer) => {
            let fields = answer.fields()?;
            Ok(Lookup::Alive { expires_at: end(asked_at, lifetime(&fields, "ttl")?) })
        }
        _ => Ok(Lookup::Dead),
    }
}

async fn external_token(
    session: &Session<'_>,
    input: &SecretInput,
    by_login_command: Option<&TokenHelper>,
) -> Result<Secret, Error> {
    session.attempt.resolve_as(input, Form::Token).await.map_err(|error| {
        let is_fixed_by_login = error.kind() == ErrorKind::Misconfigured
            && (is_absent(input) || error.text_error().is_some());
        if by_login_command.is_none() || !is_fixed_by_login {
            return error;
        }
        let login = login_hint(session, by_login_command);
        Error::needs_login(format!(
            "there is no vault token: `VAULT_TOKEN` is not set, and {error:#}"
        ))
        .with_hint(format!("{login}, or set `auth` of the source"))
    })
}

fn rejected(session: &Session<'_>, by_login_command: Option<&TokenHelper>) -> Error {
    let error = Error::needs_login(
        "vault rejected the token: expired, revoked, or not allowed to look itself up",
    );
    if by_login_command.is_some() {
        error.with_hint(login_hint(session, by_login_command))
    } else {
        error.with_hint("put a new one where `auth.token` or `VAULT_TOKEN` reads it")
    }
}

/// Returns how the user gets a token. Where `vault login` hands it to a token helper, it never
/// reaches the file that we read, and to log in again changes nothing.
fn login_hint(session: &Session<'_>, by_login_command: Option<&TokenHelper>) -> String {
    if let Some((program, file)) = by_login_command.and_then(TokenHelper::find) {
        // JSON's texts are TOML's.
        let program = serde_json::Value::from(program);
        return format!(
            "`vault login` gives the token to the `token_helper` of `{}`: write `auth = {{ method \
             = \"token\", token = {{ command = [{program}, \"get\"] }} }}`",
            file.display()
        );
    }
    let addresses = &session.settings.connection.addresses;
    let address = addresses.first().map_or_else(String::new, |a| format!(" -address={a}"));
    format!("run `vault login{address}` (or `bao login`)")
}

/// A token of ours, extended when less than half of its time is left.
async fn kept_token(session: &mut Session<'_>, mut token: Token) -> ActiveToken {
    let asked_at = session.attempt.now();
    let mut changed = false;
    if token.is_due(asked_at) {
        // It still lives: a server that cannot write just now, such as a standby without its
        // leader, may well read. So this may take half of the time and may fail.
        let half = session.attempt.time_left() / 2;
        let call = Call::to(&RenewTokenSelfRequest { increment: None });
        let answer = match call {
            Ok(call) => session.client.call_within(half, &call, Some(&token.secret)).await,
            Err(error) => Err(error),
        };
        match &answer {
            Ok((Verdict::Good, answer)) => {
                if let Some(Ok(Some(granted))) = answer.envelope().map(|envelope| envelope.auth()) {
                    changed = true;
                    token.extend(asked_at, &granted);
                }
            }
            Ok((Verdict::Refused, _)) => {
                changed = true;
                token.renewable = false;
            }
            _ => {}
        }
    }
    let in_use =
        ActiveToken { secret: token.secret.clone(), fresh: false, may_look_up: token.may_look_up };
    session.renewal.token = Some(token);
    if changed {
        session.store().await;
    }
    in_use
}

async fn log_in(session: &mut Session<'_>, login: &Login) -> Result<ActiveToken, Error> {
    // What was leased by the token before this one has ended with it.
    session.renewal.token = None;
    session.renewal.lease = None;
    let wraps_token = matches!(login.method, Method::WrappedToken);
    let secret = match &login.secret {
        None => Secret::from(""),
        Some(input) if wraps_token => wrapping::token(session, input).await?,
        Some(input) if input.wrapped => wrapping::unwrap(session, input).await?,
        Some(input) => session.attempt.resolve_as(&input.input, Form::Line).await?,
    };
    let asked_at = session.attempt.now();
    let header = wraps_token.then_some(&secret);
    let (verdict, answer) = session.client.call(&login.call(&secret)?, header).await?;
    let granted = match verdict {
        Verdict::Good => answer.content()?.auth()?,
        Verdict::NoRoute => {
            let error = format!("vault has no auth method{}", answer.because());
            return Err(Error::misconfigured(error).with_hint(
                "compare `auth.mount` and `namespace` with what `vault auth list` shows",
            ));
        }
        _ if wraps_token => return Err(wrapping::used_before("token")),
        _ => {
            let who = login.who();
            let error = format!("vault refused the login of {who}{}", answer.because());
            return Err(Error::denied(error).with_hint(login.advice(verdict)));
        }
    };
    let Some(granted) = granted else {
        return Err(Error::needs_login(format!(
            "the login of {} gave no token: it may want a second factor",
            login.who()
        ))
        .with_hint("use `auth = { method = \"token\" }`, and run `vault login` by hand"));
    };
    if wraps_token {
        session.renewal.unwrapped =
            Some(WrappedSecret { wrapping: secret, secret: Secret::from("") });
    }
    let token = Token::new(asked_at, granted);
    let in_use =
        ActiveToken { secret: token.secret.clone(), fresh: true, may_look_up: token.may_look_up };
    session.renewal.token = Some(token);
    session.mark_origin();
    session.store().await;
    Ok(in_use)
}

/// Returns whether there is no file at `input`. What else keeps a file from being read, such as its
/// mode, has a hint of its own, and `vault login` does not fix it.
fn is_absent(input: &SecretInput) -> bool {
    matches!(input, SecretInput::File(path) if matches!(path.try_exists(), Ok(false)))
}
