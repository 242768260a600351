//! What is kept of a login.

use std::time::SystemTime;

use api_key_helper_backend::renewal::{self, Version, secret, unix};
use api_key_helper_backend::{Error, Secret, SignIn};
use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::endpoint::Endpoints;
use crate::grant::Grant;
use crate::id_token::Claims;

/// A login, as far as later attempts need it. To the engine it is one opaque secret. It outlives
/// its refresh token: so the next attempt knows without asking that a sign-in is needed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Renewal {
    version: Version<1>,
    /// Whose it is: a logout may come after the settings were changed. None in one that was written
    /// before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Holder>,
    pub(crate) standing: Standing,
    /// Who signed in, for messages.
    account: Option<String>,
    /// The user that ID tokens must be about.
    pub(crate) subject: Option<String>,
    scopes: Vec<String>,
    /// So that a refresh is one request.
    pub(crate) endpoints: Endpoints,
}

/// The client that a login was granted to, and by which provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Holder {
    pub(crate) client_id: String,
    pub(crate) issuer: Option<String>,
}

impl Holder {
    /// The client of these settings.
    fn of(settings: &Settings) -> Self {
        let issuer = settings.issuer.as_ref().map(|issuer| issuer.name.clone());
        Self { client_id: settings.client_id.clone(), issuer }
    }
}

/// What a login is still good for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It can be renewed.
    Alive {
        #[serde(with = "secret")]
        refresh_token: Secret,
        #[serde(with = "unix")]
        expires_at: Option<SystemTime>,
        /// An answer to a refresh never arrived, and this token may have been replaced by it.
        answer_lost: bool,
    },
    /// The provider took its refresh token no more.
    Ended {
        #[serde(with = "unix")]
        at: Option<SystemTime>,
    },
    /// It gave one key and no refresh token.
    Once {
        #[serde(with = "unix")]
        until: Option<SystemTime>,
    },
}

impl Renewal {
    /// What was kept; what is of another version, or not ours, is nothing.
    pub(crate) fn read(secret: &Secret) -> Option<Self> {
        renewal::read(secret)
    }

    pub(crate) fn to_secret(&self) -> Secret {
        renewal::write(self)
    }

    /// Returns whether it is of the client and the provider of `settings`, so that its refresh
    /// token may be sent to their endpoints, and their client secret to its own. An issuer need not
    /// be set, and one that stays says nothing of endpoints by hand.
    pub(crate) fn is_of(&self, settings: &Settings) -> bool {
        let token = settings.by_hand.token.as_ref();
        self.holder.as_ref() == Some(&Holder::of(settings))
            && token.is_none_or(|token| self.endpoints.token.as_ref() == Some(token))
    }

    /// The login that `grant` is the end of.
    pub(crate) fn signed_in(
        settings: &Settings,
        grant: &Grant,
        endpoints: Endpoints,
        asked_at: SystemTime,
    ) -> Self {
        // It came from the provider by TLS, which stands in for its signature (OpenID Connect Core,
        // section 3.1.3.7); as a key, it is checked later.
        let claims = grant.id_token.as_ref().and_then(Claims::unchecked);
        let standing = match &grant.refresh_token {
            Some(refresh_token) => Standing::Alive {
                refresh_token: refresh_token.clone(),
                expires_at: grant.refresh_token_expires_at(asked_at),
                answer_lost: false,
            },
            None => {
                let end = grant.key_expires_at(asked_at).ok().flatten();
                Standing::Once { until: end.filter(|end| *end > asked_at) }
            }
        };
        Self {
            version: Version,
            holder: Some(Holder::of(settings)),
            standing,
            account: claims.as_ref().and_then(Claims::account),
            subject: claims.and_then(|claims| claims.sub),
            scopes: granted(&settings.scopes, grant),
            endpoints,
        }
    }

    /// The same login after a refresh. A provider that rotates no tokens sends no new one.
    pub(crate) fn refreshed(&self, settings: &Settings, grant: &Grant, at: SystemTime) -> Self {
        let mut next = self.clone();
        if let Standing::Alive { refresh_token, expires_at, answer_lost } = &mut next.standing {
            *answer_lost = false;
            if let Some(new) = &grant.refresh_token {
                *refresh_token = new.clone();
                *expires_at = grant.refresh_token_expires_at(at);
            }
        }
        if grant.scopes().is_some() {
            next.scopes = granted(&settings.scopes, grant);
            // The token that we have is proof of it, though the provider does not repeat it.
            for scope in [OFFLINE_ACCESS, OPENID] {
                if self.has(scope) && !next.has(scope) {
                    next.scopes.push(scope.to_owned());
                }
            }
        }
        next
    }

    /// The same login when an answer that may have replaced its token never arrived.
    pub(crate) fn with_answer_lost(&self) -> Self {
        let mut next = self.clone();
        if let Standing::Alive { answer_lost, .. } = &mut next.standing {
            *answer_lost = true;
        }
        next
    }

    /// The same login, over.
    pub(crate) fn ended(&self, at: SystemTime) -> Self {
        Self { standing: Standing::Ended { at: Some(at) }, ..self.clone() }
    }

    /// The refresh token of the next request, or the reason why a sign-in is needed.
    pub(crate) fn refresh_token(
        &self,
        settings: &Settings,
        now: SystemTime,
    ) -> Result<&Secret, Error> {
        let who = self.who();
        match &self.standing {
            Standing::Alive { expires_at: Some(end), .. } if *end <= now => {
                Err(settings.needs_login(format!("the sign-in{who} ended{}", day(Some(*end)))))
            }
            Standing::Alive { refresh_token, .. } => Ok(refresh_token),
            Standing::Ended { at } => Err(settings.needs_login(format!(
                "the sign-in{who} has ended: the provider refused it{}",
                day(*at)
            ))),
            Standing::Once { .. } => {
                let error = format!("the sign-in{who} was for one key: it has no refresh token");
                let lasts = settings.flow.what_lasts();
                Err(Error::needs_login(error)
                    .with_hint(settings.to_login(format!("{lasts} makes it last; run"))))
            }
        }
    }

    /// The sign-in as the user may see it.
    pub(crate) fn sign_in(&self, asked: &[String]) -> SignIn {
        let end = match &self.standing {
            Standing::Alive { expires_at, .. } => *expires_at,
            Standing::Ended { at } => *at,
            Standing::Once { until } => *until,
        };
        let missing = asked.iter().filter(|scope| !self.has(scope)).cloned().collect();
        SignIn::default()
            .with_account(self.account.clone())
            .with_expires_at(end)
            .with_scopes(self.scopes.clone(), missing)
    }

    /// Whether `scope` was granted.
    pub(crate) fn has(&self, scope: &str) -> bool {
        // Entra ID grants the permissions that stand behind a `.default` by their own names.
        self.scopes.iter().any(|own| own == scope) || scope.ends_with("/.default")
    }

    /// ` as NAME`, where it is known.
    pub(crate) fn as_whom(&self) -> String {
        self.account.as_ref().map_or_else(String::new, |account| format!(" as `{account}`"))
    }

    /// ` of NAME`, where it is known.
    pub(crate) fn who(&self) -> String {
        self.account.as_ref().map_or_else(String::new, |account| format!(" of `{account}`"))
    }
}

/// ` on DAY`, where it is known.
fn day(time: Option<SystemTime>) -> String {
    time.and_then(|time| jiff::Timestamp::try_from(time).ok())
        .map_or_else(String::new, |time| format!(" at {}", time.strftime("%Y-%m-%d %H:%M UTC")))
}

/// The scopes that a grant stands for. Its tokens are proof of two of them, which some providers do
/// not list.
fn granted(asked: &[String], grant: &Grant) -> Vec<String> {
    let Some(mut scopes) = grant.scopes().map(<[String]>::to_vec) else { return asked.to_vec() };
    for (scope, token) in [(OFFLINE_ACCESS, &grant.refresh_token), (OPENID, &grant.id_token)] {
        let is_asked = asked.iter().any(|asked| asked == scope);
        if token.is_some() && is_asked && !scopes.iter().any(|listed| listed == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

const OFFLINE_ACCESS: &str = "offline_access";
const OPENID: &str = "openid";

#[cfg(test)]
mod tests;
