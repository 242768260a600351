//! ID tokens: read, and checked before one is a key.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_core::{Error, Secret};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode, decode_header};
use serde::Deserialize;

use crate::config::Settings;
use crate::discovery::Endpoints;
use crate::grant::Grant;
use crate::session::Session;

/// What an ID token claims (OpenID Connect Core, section 2).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    pub(crate) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    /// What the request had that it answers.
    pub(crate) nonce: Option<String>,
    email: Option<String>,
    name: Option<String>,
    preferred_username: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

impl Session<'_> {
    /// The ID token of `grant` and its end, if it is one that we may hand on.
    pub(crate) async fn checked_id_token<'g>(
        &self,
        grant: &'g Grant,
        endpoints: &Endpoints,
        subject: Option<&str>,
    ) -> Result<(&'g Secret, SystemTime), Error> {
        let settings = self.settings;
        let token = grant.id_token.as_ref().ok_or_else(|| {
            Error::misconfigured("the provider gave no ID token").with_hint(
                "not every provider gives one when it renews: try `key = \"access_token\"`",
            )
        })?;
        let address = settings.needed(endpoints.jwks.as_ref(), "jwks_uri")?;
        let document: Keys = self.client.get(address).await?.document(settings)?;
        let claims = signed(token, &document.known())?;
        let end = claims.check(settings, subject, self.request.now())?;
        Ok((token, end))
    }
}

impl Keys {
    /// One key of a kind that we do not know is no reason to refuse the others.
    fn known(self) -> Vec<Jwk> {
        self.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect()
    }
}

impl Claims {
    /// What a token claims, whoever signed it.
    pub(crate) fn unchecked(token: &Secret) -> Option<Self> {
        dangerous::insecure_decode_claims(token.expose()).ok()
    }

    /// The name by which the human knows themselves.
    pub(crate) fn account(&self) -> Option<String> {
        [&self.email, &self.preferred_username, &self.name]
            .into_iter()
            .flatten()
            .chain([&self.sub])
            .map(|name| name.chars().filter(|c| !c.is_control()).take(200).collect::<String>())
            .find(|name| !name.trim().is_empty())
    }

    /// The token's end, if it is for us and about `subject` (OpenID Connect Core, sections 3.1.3.7
    /// and 12.2). The nonce, where the flow has a place for one, was compared at the login.
    fn check(
        &self,
        settings: &Settings,
        subject: Option<&str>,
        now: SystemTime,
    ) -> Result<SystemTime, Error> {
        let issuer = settings.issuer.as_ref().map_or("", |issuer| &issuer.name);
        if self.iss != issuer {
            return Err(Error::misconfigured("the ID token is from another issuer")
                .with_hint(format!("it should be from `{issuer}`: see `issuer` of the source")));
        }
        let client = settings.client_id.as_str();
        let (is_for_us, is_shared) = match &self.aud {
            Audience::One(audience) => (audience == client, false),
            Audience::Several(audiences) => {
                (audiences.iter().any(|audience| audience == client), audiences.len() > 1)
            }
        };
        let is_asked_by_us = match &self.azp {
            Some(party) => party == client,
            None => !is_shared,
        };
        if !is_for_us || !is_asked_by_us {
            return Err(Error::misconfigured("the ID token is for another client")
                .with_hint(format!("its audience should be `{client}`: see `client_id`")));
        }
        if subject.is_some_and(|subject| subject != self.sub) {
            return Err(settings.needs_login("the ID token is about another user than signed in"));
        }
        let end = Duration::try_from_secs_f64(self.exp)
            .ok()
            .and_then(|since| UNIX_EPOCH.checked_add(since))
            .filter(|end| *end > now);
        end.ok_or_else(|| {
            Error::transient("the ID token has already ended")
                .with_hint("compare this machine's clock with the provider's")
        })
    }
}

/// The end of `token`, if one of the `keys` that a provider publishes signed it for us.
#[cfg(any(test, fuzzing))]
pub(crate) fn checked(
    token: &Secret,
    keys: &[u8],
    settings: &Settings,
    subject: Option<&str>,
    now: SystemTime,
) -> Result<SystemTime, Error> {
    let keys = serde_json::from_slice(keys).map_or_else(|_| Vec::new(), Keys::known);
    signed(token, &keys)?.check(settings, subject, now)
}

/// The claims of `token`, if one of `keys` signed it.
fn signed(token: &Secret, keys: &[Jwk]) -> Result<Claims, Error> {
    let unreadable = || Error::transient("the provider's ID token cannot be read");
    let header = decode_header(token.expose()).map_err(|_| unreadable())?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Error::misconfigured(format!(
            "the ID token is signed by `{:?}`, which anybody with the client's secret can do",
            header.alg
        ))
        .with_hint("let the provider sign this client's ID tokens by `RS256` or `ES256`"));
    }
    let mut validation = Validation::new(header.alg);
    // The claims are checked by the attempt's clock, see `Claims::check`.
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_exp = false;
    let named = |key: &&Jwk| match (&header.kid, &key.common.key_id) {
        (Some(wanted), Some(id)) => wanted == id,
        _ => true,
    };
    keys.iter()
        .filter(|key| key.common.public_key_use != Some(PublicKeyUse::Encryption))
        .filter(named)
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .find_map(|key| decode(token.expose(), &key, &validation).ok())
        .map(|data| data.claims)
        .ok_or_else(|| {
            // A provider may have begun to use a key that its caches do not know yet.
            Error::transient("the ID token is not signed by any key that the provider publishes")
                .with_hint("compare `issuer` and `jwks_uri` with the provider's")
        })
}

/// Those by which only the provider can sign. With the others a public key, or the client's secret,
/// could be made to pass for its signature.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

#[cfg(test)]
mod tests;
