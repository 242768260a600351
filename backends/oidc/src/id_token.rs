//! Reads ID tokens, and verifies one before it is a key.

use std::time::SystemTime;

use api_key_helper_backend::{Error, Expiry, Fields, Secret, jwt};
use api_key_helper_http::quote;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use zeroize::Zeroizing;

use crate::config::Settings;
use crate::jwks::PublicKey;

/// The claims of an ID token (OpenID Connect Core, section 2). One that cannot be read is absent.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    iss: Option<String>,
    pub(crate) sub: Option<String>,
    aud: Vec<String>,
    azp: Option<String>,
    exp: Option<Expiry>,
    /// What the request had that it answers.
    pub(crate) nonce: Option<String>,
    email: Option<String>,
    name: Option<String>,
    preferred_username: Option<String>,
}

impl Claims {
    /// Reads the claims of a token, and does not check who signed it.
    pub(crate) fn unchecked(token: &Secret) -> Option<Self> {
        let payload = jwt::payload(token.expose())?;
        let fields = Fields::parse(payload.as_bytes())?;
        Some(Self {
            iss: fields.string("iss"),
            sub: fields.text("sub"),
            aud: fields.texts("aud").unwrap_or_default(),
            azp: fields.text("azp"),
            exp: fields.expiry("exp"),
            nonce: fields.text("nonce"),
            email: fields.text("email"),
            name: fields.text("name"),
            preferred_username: fields.text("preferred_username"),
        })
    }

    /// The name that the user signs in with.
    pub(crate) fn account(&self) -> Option<String> {
        [&self.email, &self.preferred_username, &self.name, &self.sub]
            .into_iter()
            .flatten()
            .map(|name| quote(name, &[]))
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
        if self.iss.as_deref() != Some(issuer) {
            let error = match self.iss {
                Some(_) => Error::misconfigured("the ID token is from another issuer"),
                None => lacks("iss"),
            };
            return Err(error
                .with_hint(format!("it should be from `{issuer}`: see `issuer` of the source")));
        }
        let client = settings.client_id.as_str();
        if !self.aud.iter().any(|audience| audience == client) {
            let error = if self.aud.is_empty() {
                lacks("aud")
            } else {
                Error::misconfigured("the ID token is for another client")
            };
            return Err(
                error.with_hint(format!("its audience should be `{client}`: see `client_id`"))
            );
        }
        if self.azp.as_ref().is_some_and(|party| party != client) {
            return Err(Error::misconfigured(
                "the ID token was issued to another client: see its claim `azp`",
            )
            .with_hint(format!("its `azp` should be `{client}`: see `client_id`")));
        }
        if let Some(subject) = subject {
            match &self.sub {
                Some(own) if own == subject => {}
                Some(_) => {
                    return Err(
                        settings.needs_login("the ID token is about another user than signed in")
                    );
                }
                None => return Err(lacks("sub").with_hint(OPERATOR)),
            }
        }
        let end = self.exp.and_then(Expiry::point).map(SystemTime::from);
        let end = end.ok_or_else(|| lacks("exp").with_hint(OPERATOR))?;
        if end <= now {
            return Err(Error::transient("the ID token has already ended")
                .with_hint("compare this machine's clock with the provider's"));
        }
        Ok(end)
    }
}

/// The error of a token that does not say what it has to say.
fn lacks(claim: &str) -> Error {
    Error::misconfigured(format!("the ID token has no usable claim `{claim}`"))
}

const OPERATOR: &str = "ask the provider's operator to add it, or try `key = \"access_token\"`";

/// The end of `token`, if one of `keys` signed it for us, and it is about `subject`.
pub(crate) fn verify(
    token: &Secret,
    keys: &[PublicKey],
    settings: &Settings,
    subject: Option<&str>,
    now: SystemTime,
) -> Result<SystemTime, Error> {
    signed(token, keys)?.check(settings, subject, now)
}

/// The claims of `token`, if one of `keys` signed it. Whatever they are: a claim that is wrong is
/// told by [`Claims::check`].
fn signed(token: &Secret, keys: &[PublicKey]) -> Result<Claims, Error> {
    let unreadable = || {
        Error::transient("the provider's ID token cannot be read").with_hint(
            "try again; if it stays so, ask the provider's operator, or set `key = \"access_token\"`",
        )
    };
    let [header, payload, signature] = parts(token).ok_or_else(unreadable)?;
    // No padding and no other alphabet (RFC 7515, section 5.2): the server that gets this key
    // refuses them.
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map(Zeroizing::new).ok();
    decode(payload).and(decode(signature)).ok_or_else(unreadable)?;
    let message = &token.expose()[..header.len() + 1 + payload.len()];
    let header = decode(header).ok_or_else(unreadable)?;
    let header = Fields::parse(&header).ok_or_else(unreadable)?;
    // Extensions that must be understood (RFC 7515, section 4.1.11); none is.
    if header.has("crit") {
        return Err(Error::misconfigured(
            "the ID token has a critical extension: see its header `crit`",
        )
        .with_hint("let the provider sign this client's ID tokens without `crit`"));
    }
    let written = header.string("alg").ok_or_else(unreadable)?;
    let algorithm = written.parse().ok().filter(|algorithm| ALGORITHMS.contains(algorithm));
    let Some(algorithm) = algorithm else {
        let shown: String = written.chars().filter(char::is_ascii_graphic).take(40).collect();
        let why = if written.starts_with("HS") {
            "which everyone with the client's secret can do"
        } else {
            "which is not supported"
        };
        return Err(Error::misconfigured(format!("the ID token is signed by `{shown}`, {why}"))
            .with_hint("let the provider sign this client's ID tokens by `RS256` or `ES256`"));
    };
    let id = header.text("kid");
    let is_signed = keys
        .iter()
        .filter(|key| key.may_be(id.as_deref()))
        .any(|key| key.has_signed(message, signature, algorithm));
    if !is_signed {
        // A provider may have begun to use a key that its caches do not know yet.
        return Err(Error::transient(
            "the ID token is not signed by any key that the provider publishes",
        )
        .with_hint("compare `issuer` and `jwks_uri` with the provider's"));
    }
    Claims::unchecked(token).ok_or_else(unreadable)
}

/// Header, payload and signature (RFC 7515, section 3.1).
fn parts(token: &Secret) -> Option<[&str; 3]> {
    let parts: Vec<&str> = token.expose().split('.').collect();
    parts.try_into().ok()
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
