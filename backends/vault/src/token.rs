//! The token: kept, given, or by a login.

use std::time::{Duration, SystemTime};

use api_key_helper_core::{Error, ErrorKind, Secret, SecretInput};
use vaultrs::api::token::requests::{LookupTokenSelfRequest, RenewTokenSelfRequest};

use crate::answer::{Answer, Auth as Granted, Verdict};
use crate::auth::{Auth, Login, Method};
use crate::call::Call;
use crate::input;
use crate::renewal::{Token, Unwrapped};
use crate::session::Session;

/// The token that an attempt uses.
#[derive(Debug)]
pub(crate) struct InUse {
    pub(crate) secret: Secret,
    /// We logged in for it just now.
    fresh: bool,
    may_look_up: bool,
}

impl Session<'_> {
    /// A token that lives as far as can be known without asking.
    pub(crate) async fn token(&mut self) -> Result<InUse, Error> {
        let settings = self.settings;
        match &settings.auth {
            Auth::Given { input, by_login_command } => {
                let secret = self.given_token(input, *by_login_command).await?;
                Ok(InUse { secret, fresh: false, may_look_up: true })
            }
            Auth::Login(login) => {
                let now = self.request.now();
                match self.renewal.token.take_if(|token| token.is_alive(now)) {
                    Some(token) => Ok(self.kept_token(token).await),
                    None => self.log_in(login).await,
                }
            }
        }
    }

    /// Another token in place of one that was `forbidden` to do what was asked, if that is because it
    /// is dead: the server says the same for a dead token and for a missing right.
    pub(crate) async fn another_token(
        &mut self,
        token: InUse,
        forbidden: &Answer,
    ) -> Result<InUse, Error> {
        let settings = self.settings;
        if token.fresh && !token.may_look_up {
            return Err(settings.target.denied(forbidden));
        }
        if self.end_of(&token.secret).await?.is_some() {
            return Err(settings.target.denied(forbidden));
        }
        match &settings.auth {
            Auth::Given { by_login_command, .. } => Err(self.dead_token(*by_login_command)),
            // A standby serves reads from its own copy, which is a moment behind.
            Auth::Login(_) if token.fresh => Err(Error::transient(
                "vault does not know yet the token that it has just given out",
            )),
            Auth::Login(login) => self.log_in(login).await,
        }
    }

    /// When `token` ends, or `None` when it is dead. `Some(None)`: it lives without an end.
    pub(crate) async fn end_of(
        &mut self,
        token: &Secret,
    ) -> Result<Option<Option<SystemTime>>, Error> {
        let asked_at = self.request.now();
        let call = Call::to(&LookupTokenSelfRequest {})?;
        match self.client.call(&call, Some(token)).await? {
            (Verdict::Good, answer) => {
                let fields = answer.fields()?;
                let ttl = fields.get("ttl").and_then(|ttl| ttl.get().parse().ok()).unwrap_or(0);
                Ok(Some(end(asked_at, Duration::from_secs(ttl))))
            }
            _ => Ok(None),
        }
    }

    async fn given_token(
        &self,
        input: &SecretInput,
        by_login_command: bool,
    ) -> Result<Secret, Error> {
        let missing = |why: &str| {
            Error::needs_login(format!("there is no vault token{why}"))
                .with_hint(format!("run {}, or set `auth` of the source", self.login_command()))
        };
        match self.request.resolve(input).await {
            Err(error) if by_login_command && error.kind() == ErrorKind::Misconfigured => {
                Err(missing(": `VAULT_TOKEN` is not set, and `~/.vault-token` cannot be read"))
            }
            Ok(secret) if secret.expose().trim().is_empty() => Err(missing("")),
            Ok(secret) => Ok(Secret::from(secret.expose().trim())),
            Err(error) => Err(error),
        }
    }

    fn dead_token(&self, by_login_command: bool) -> Error {
        let error = Error::needs_login(
            "vault does not accept the token: it has ended, or was revoked, or may not look itself up",
        );
        if by_login_command {
            error.with_hint(format!("run {}", self.login_command()))
        } else {
            error.with_hint("put a new one where `auth.token` or `VAULT_TOKEN` reads it")
        }
    }

    fn login_command(&self) -> String {
        let addresses = &self.settings.connection.addresses;
        let address = addresses.first().map_or_else(String::new, |a| format!(" -address={a}"));
        format!("`vault login{address}` (or `bao login`)")
    }

    /// A token of ours, extended when less than half of its time is left.
    async fn kept_token(&mut self, mut token: Token) -> InUse {
        let asked_at = self.request.now();
        let mut changed = false;
        if token.is_due(asked_at) {
            // It still lives: a server that cannot write just now, such as a standby without its
            // leader, may well read. So this may take half of the time and may fail.
            let half = self.request.time_left() / 2;
            let call = Call::to(&RenewTokenSelfRequest { increment: None });
            let answer = match call {
                Ok(call) => self.client.call_within(half, &call, Some(&token.secret)).await,
                Err(error) => Err(error),
            };
            match &answer {
                Ok((Verdict::Good, answer)) => {
                    if let Some(granted) = answer.envelope().and_then(|envelope| envelope.auth) {
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
            InUse { secret: token.secret.clone(), fresh: false, may_look_up: token.may_look_up };
        self.renewal.token = Some(token);
        if changed {
            self.keep().await;
        }
        in_use
    }

    async fn log_in(&mut self, login: &Login) -> Result<InUse, Error> {
        // What was leased by the token before this one has ended with it.
        self.renewal.token = None;
        self.renewal.lease = None;
        let wraps_token = matches!(login.method, Method::WrappedToken);
        let secret = match &login.secret {
            None => Secret::from(""),
            Some(input) if wraps_token => self.wrapping_token(input).await?,
            Some(input) if input.wrapped => self.unwrapped(input).await?,
            Some(input) => self.request.resolve(&input.input).await?,
        };
        let asked_at = self.request.now();
        let header = wraps_token.then_some(&secret);
        let (verdict, answer) = self.client.call(&login.call(&secret)?, header).await?;
        let granted = match verdict {
            Verdict::Good => answer.content()?.auth,
            Verdict::NoRoute => {
                let error = format!("vault has no auth method{}", answer.because());
                return Err(Error::misconfigured(error).with_hint(
                    "compare `auth.mount` and `namespace` with what `vault auth list` shows",
                ));
            }
            _ if wraps_token => return Err(input::unwrapped_before("token")),
            _ => {
                let who = login.who();
                let error = format!("vault refused the login of {who}{}", answer.because());
                return Err(Error::denied(error).with_hint(login.advice(verdict)));
            }
        };
        let Some(granted) = granted.filter(|granted| !granted.client_token.expose().is_empty())
        else {
            return Err(Error::needs_login(format!(
                "the login of {} gave no token: it may want a second factor",
                login.who()
            ))
            .with_hint("use `auth = { method = \"token\" }`, and run `vault login` by hand"));
        };
        if wraps_token {
            self.renewal.unwrapped = Some(Unwrapped { wrapping: secret, secret: Secret::from("") });
        }
        let token = Token::new(asked_at, granted);
        let in_use =
            InUse { secret: token.secret.clone(), fresh: true, may_look_up: token.may_look_up };
        self.renewal.token = Some(token);
        self.keep().await;
        Ok(in_use)
    }
}

impl Token {
    pub(crate) fn new(asked_at: SystemTime, granted: Granted) -> Self {
        let may_look_up = granted
            .token_policies
            .iter()
            .any(|policy| matches!(policy.as_str(), "default" | "root"));
        let lifetime = Duration::from_secs(granted.lease_duration);
        Self {
            secret: granted.client_token,
            granted: lifetime,
            expires_at: end(asked_at, lifetime),
            renewable: granted.renewable,
            may_look_up,
        }
    }

    pub(crate) fn is_alive(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    /// Whether it is time to extend it.
    fn is_due(&self, now: SystemTime) -> bool {
        self.renewable
            && self
                .expires_at
                .is_some_and(|end| end.duration_since(now).unwrap_or_default() < self.granted / 2)
    }

    fn extend(&mut self, asked_at: SystemTime, granted: &Granted) {
        let lifetime = Duration::from_secs(granted.lease_duration);
        let end = end(asked_at, lifetime);
        // At its longest life (`token_max_ttl`) it is given less and less.
        self.renewable = granted.renewable && end.is_none_or(|end| self.expires_at < Some(end));
        self.granted = lifetime;
        self.expires_at = end;
    }
}

/// The end of what was given for `lifetime`; nothing and too much are no end.
pub(crate) fn end(from: SystemTime, lifetime: Duration) -> Option<SystemTime> {
    if lifetime.is_zero() { None } else { from.checked_add(lifetime) }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn granted(seconds: u64) -> Granted {
        Granted {
            client_token: Secret::from("s.x"),
            lease_duration: seconds,
            renewable: true,
            token_policies: vec!["default".to_owned()],
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_is_extended_in_its_second_half_until_it_cannot_be() {
        let mut token = Token::new(at(0), granted(100));
        assert!(!token.is_due(at(50)) && token.is_due(at(51)));
        token.extend(at(60), &granted(100));
        assert!(!token.is_due(at(110)) && token.is_due(at(111)));
        // 30 seconds are left of its longest life, and no more are given.
        token.extend(at(130), &granted(30));
        assert!(!token.is_due(at(155)));
        assert!(token.is_alive(at(159)) && !token.is_alive(at(160)));
    }

    #[test]
    fn a_token_without_an_end_lives() {
        let token = Token::new(at(0), granted(0));
        assert!(token.is_alive(at(u32::MAX.into())) && !token.is_due(at(u32::MAX.into())));
    }
}
