//! The authorization request that a browser takes to a provider, and the response that it brings
//! back (RFC 6749, section 4.1; RFC 7636; OpenID Connect Core, section 3.1).

use api_key_helper_backend::Secret;
use api_key_helper_http::Form;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use crate::config::Settings;
use crate::endpoint::Endpoint;

/// One request for an authorization, which waits for its answer.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    redirect_uri: String,
    /// What a browser asks for that brings the answer.
    path: String,
    state: String,
    /// None where no ID token comes that could repeat it.
    nonce: Option<String>,
    verifier: Secret,
}

/// What a request at the redirect URI is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    /// The answer to the request.
    Response(AuthorizationResponse),
    /// A request for another page.
    OtherPage,
    /// The right address, but not an answer to this request: another page of this machine, or an
    /// older sign-in.
    Stray,
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthorizationResponse {
    /// The authorization.
    Code(Secret),
    /// That of another provider, which says who it is, or does not although it should: a mix-up
    /// of two providers (RFC 9207, section 2.4).
    Foreign(Option<String>),
    /// The provider's no.
    Refusal { error: String, description: Option<String> },
}

/// The issuer that a response must name (RFC 9207).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedIssuer<'a> {
    /// The issuer's name, if it is known.
    pub(crate) issuer: Option<&'a str>,
    /// Whether the provider has announced that its answers have a name.
    pub(crate) is_announced: bool,
}

impl AuthorizationRequest {
    /// A request whose answer comes to `port`. What comes of `chance` cannot be guessed.
    pub(crate) fn new(settings: &Settings, port: u16, chance: [[u8; 32]; 3]) -> Self {
        let [state, nonce, verifier] = chance.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let has_id_token = settings.scopes.iter().any(|scope| scope == "openid");
        Self {
            redirect_uri: settings.redirect_uri.at(port),
            path: settings.redirect_uri.path().to_owned(),
            state,
            nonce: has_id_token.then_some(nonce),
            verifier: Secret::new(verifier),
        }
    }

    /// The page of the provider that the browser is sent to.
    ///
    /// No secret is in it, though it passes through a command line and a history. Who reads it and
    /// catches the code too cannot redeem it, for the verifier is known by its hash only (RFC
    /// 7636). Another user of this machine could bring an authorization of their own: that would
    /// sign us in as them, and a login ends with saying who has signed in.
    pub(crate) fn address(&self, endpoint: &Endpoint, settings: &Settings) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()));
        let mut address = endpoint.url().clone();
        // The endpoint may have a query of its own (RFC 6749, section 3.1).
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(settings.token_parameters())
            .extend_pairs(self.nonce.iter().map(|nonce| ("nonce", nonce)))
            .extend_pairs(&settings.authorization_parameters);
        address
    }

    /// Classifies a request of a browser by its `target`, the path and query.
    pub(crate) fn callback(&self, target: &str, expected: ExpectedIssuer<'_>) -> Callback {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != self.path {
            return Callback::OtherPage;
        }
        let Some([state, issuer, code, error, description]) = parameters(query) else {
            return Callback::Stray;
        };
        if state.as_ref() != Some(&self.state) {
            return Callback::Stray;
        }
        if let Some(wanted) = expected.issuer {
            match &issuer {
                Some(issuer) if issuer == wanted => {}
                None if !expected.is_announced => {}
                _ => return Callback::Response(AuthorizationResponse::Foreign(issuer)),
            }
        }
        match (code, error) {
            (_, Some(error)) => {
                Callback::Response(AuthorizationResponse::Refusal { error, description })
            }
            (Some(code), None) => {
                Callback::Response(AuthorizationResponse::Code(Secret::new(code)))
            }
            (None, None) => Callback::Stray,
        }
    }

    /// What redeems `code`.
    pub(crate) fn redemption(&self, code: &Secret, settings: &Settings) -> Form {
        let form = Form::default()
            .with("grant_type", "authorization_code")
            .with_secret("code", code)
            .with_secret("code_verifier", &self.verifier)
            .with("redirect_uri", &self.redirect_uri);
        settings.with_resources(form)
    }

    /// What the ID token must repeat.
    pub(crate) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}

/// The parameters of an answer, or nothing where one is there twice (RFC 6749, section 3.1).
fn parameters(query: &str) -> Option<[Option<String>; 5]> {
    const NAMES: [&str; 5] = ["state", "iss", "code", "error", "error_description"];

    let mut found = [const { None }; 5];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if let Some(place) = NAMES.iter().position(|known| *known == name)
            && found[place].replace(value.into_owned()).is_some()
        {
            return None;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests;
