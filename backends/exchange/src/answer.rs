//! What a token endpoint said, and what it means.

use std::time::SystemTime;

use api_key_helper_backend::{Credential, Error, ErrorKind, Fields, Hint, SecretInput, document};
use api_key_helper_http::Words;
use api_key_helper_http::oauth::{self, Refusal};

use crate::config::Settings;
use crate::grant::Grant;
use crate::refusal::{self, Code};
use crate::token_type::REFRESH_TOKEN;

/// A token endpoint's answer.
pub(crate) struct Answer(pub(crate) oauth::Answer);

/// What an answer means.
pub(crate) type Verdict = oauth::Verdict<Code>;

impl Answer {
    /// What it means.
    pub(crate) fn verdict(&self, settings: &Settings) -> Verdict {
        let is_exchange = matches!(settings.grant, Grant::TokenExchange(_));
        let code = |word: &str| Code::parse(word, is_exchange);
        let verdict = self.0.verdict(self.said().as_ref(), code, Code::Other);
        if verdict == Verdict::Refused(Code::Unavailable) { Verdict::Unavailable } else { verdict }
    }

    /// Whether the server says that the token has brought nothing: it has not looked at it (RFC
    /// 6585, section 4), or refuses.
    pub(crate) fn leaves_the_token(&self, settings: &Settings) -> bool {
        self.0.status == 429 || matches!(self.verdict(settings), Verdict::Refused(_))
    }

    /// The credential of a good answer (RFC 6749, section 5.1; RFC 8693, section 2.2.1) to what was
    /// asked at `asked_at`. `about` is what the token that was handed in says of itself.
    pub(crate) fn credential(
        &self,
        settings: &Settings,
        asked_at: SystemTime,
        about: &str,
    ) -> Result<Credential, Error> {
        let fields = match self.0.fields() {
            Some(fields) if self.verdict(settings) == Verdict::Good => fields,
            _ => return Err(self.error(settings, about)),
        };
        self.refuse_other_types(&fields)?;
        // What was asked for, whatever kind of token it is.
        let token = fields.secret("access_token");
        let token = token.ok_or_else(|| self.0.lacks("access_token", &WORDS))?;
        let key = document::key_alone(token.expose()).map_err(|error| {
            Error::misconfigured(format!("what `{}` gives cannot be a key: {error}", self.0.from))
                .with_hint(error.hint().unwrap_or(match settings.grant {
                    Grant::TokenExchange(_) => {
                        "ask for another kind of token: see `requested_token_type`"
                    }
                    // These have no setting for it.
                    Grant::Anthropic(_) | Grant::JwtBearer(_) => {
                        "ask the server's operator for a token that can be sent as it is"
                    }
                }))
        })?;
        let expires_at = oauth::expires_at(fields.expiry("expires_in"), asked_at, &self.0.from)?;
        Ok(Credential::new(key).with_expires_at(expires_at))
    }

    /// Refuses a token that no client can send as it is.
    fn refuse_other_types(&self, fields: &Fields<'_>) -> Result<(), Error> {
        let from = &self.0.from;
        if fields.string("issued_token_type").as_deref() == Some(REFRESH_TOKEN) {
            return Err(Error::misconfigured(format!(
                "`{from}` gives a refresh token, which no API takes"
            ))
            .with_hint("see `requested_token_type` of the source"));
        }
        oauth::refuse_proof_type(fields.string("token_type").as_deref(), from)
    }

    /// The error that an answer is which is not good. `about` is what the token says of itself.
    fn error(&self, settings: &Settings, about: &str) -> Error {
        let from = &self.0.from;
        let because = self.because();
        let client = settings.grant.terms().and_then(|terms| terms.client_id.as_deref());
        let client = client.map(|id| format!(" `{id}`")).unwrap_or_default();
        let Verdict::Refused(code) = self.verdict(settings) else {
            return self.silence(settings);
        };
        match code {
            Code::AccessDenied => Error::denied(format!("`{from}` denies access{because}"))
                .with_hint(format!("ask for access: {}", whom_to_ask(&settings.grant))),
            Code::GrantNotAllowed => Error::misconfigured(format!(
                "the client{client} may not trade tokens so at `{from}`{because}"
            ))
            .with_hint("allow it this grant where it is registered, or see `grant` of the source"),
            Code::HumanNeeded => {
                Error::needs_login(format!("`{from}` demands a new sign-in{because}"))
                    .with_hint(sign_in_again(&settings.token))
            }
            Code::InvalidClient => {
                Error::misconfigured(format!("`{from}` refused the client{client}{because}"))
                    .with_hint("compare the source's `client_…` settings with its registration")
            }
            Code::InvalidScope => {
                Error::misconfigured(format!("`{from}` refused the scope{because}"))
                    .with_hint("see `scopes` of the source")
            }
            Code::InvalidTarget => {
                Error::misconfigured(format!("`{from}` gives no token for that{because}"))
                    .with_hint("see `audience` and `resource` of the source")
            }
            Code::InvalidToken => {
                Error::denied(format!("`{from}` refused the `token`{because}{about}"))
                    .with_hint(whom_to_ask(&settings.grant))
            }
            Code::NotFound => {
                Error::new(ErrorKind::NotFound, format!("`{from}` knows no such rule{because}"))
                    .with_hint("compare the ids of the source with those in the Claude Console")
            }
            Code::Other | Code::Unavailable => {
                Error::misconfigured(format!("`{from}` refused the request{because}"))
                    .with_hint("compare the source with what that server's documentation asks for")
            }
        }
    }

    /// `: ` and the server's own words, for the end of a message; or nothing.
    pub(crate) fn because(&self) -> String {
        self.0.because(self.said().as_ref())
    }

    fn said(&self) -> Option<Refusal> {
        self.0.said().or_else(|| refusal::nested(&self.0.fields()?)).or_else(|| self.0.challenged())
    }

    /// The error of an answer that tells nothing of what was asked.
    fn silence(&self, settings: &Settings) -> Error {
        if self.verdict(settings) == Verdict::Unavailable {
            return self.0.unavailable(&self.because());
        }
        let oauth::Answer { from, status, .. } = &self.0;
        Error::transient(format!("`{from}` answered {status}, but not as a token endpoint does"))
            .with_hint(WORDS.impostor)
    }
}

/// What to look at when the token is refused.
fn whom_to_ask(grant: &Grant) -> String {
    match grant {
        Grant::Anthropic(federation) => format!(
            "compare what the token claims with rule `{}`, and that with service account `{}`, in \
             the Claude Console",
            federation.rule, federation.service_account
        ),
        Grant::JwtBearer(_) => {
            "ask whether that server trusts the token's issuer, and takes it for this audience"
                .to_owned()
        }
        Grant::TokenExchange(exchange) => format!(
            "ask whether that server takes tokens of this issuer as `{}`; see `subject_token_type`",
            exchange.subject_type.as_str()
        ),
    }
}

fn sign_in_again(token: &SecretInput) -> Hint {
    match token {
        SecretInput::Source(name) => Hint::new("run").with_command(["login", "--source", name]),
        _ => Hint::new("sign in again where the `token` comes from"),
    }
}

/// Hints for what goes wrong on the way to a token endpoint.
pub(crate) const WORDS: Words = Words {
    server: "",
    way: "check `token_endpoint`, the network, and whether the server is up",
    impostor: "a proxy or another server may stand in its place: check `token_endpoint`",
    authority: "name that authority's certificate in `ca_file`",
    host: "compare the host in `token_endpoint` with the certificate's",
    client: None,
};

#[cfg(test)]
mod tests;
