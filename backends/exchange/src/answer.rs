//! What a token endpoint said, and what it means.

use api_key_helper_core::{Error, ErrorKind, SecretInput};
use api_key_helper_http::oauth::{self, Refusal};

use crate::config::Settings;
use crate::grant::Grant;
use crate::refusal::{self, Code};
use crate::words::WORDS;

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

    /// Whether the server says that the token has brought nothing: it has not looked at it (RFC 6585,
    /// section 4), or refuses.
    pub(crate) fn leaves_the_token(&self, settings: &Settings) -> bool {
        self.0.status == 429 || matches!(self.verdict(settings), Verdict::Refused(_))
    }

    /// The error that an answer is which is not good. `about` is what the token says of itself.
    pub(crate) fn error(&self, settings: &Settings, about: &str) -> Error {
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
            Code::HumanNeeded => Error::needs_login(format!(
                "`{from}` wants whoever signed in to do so again{because}"
            ))
            .with_hint(sign_in_again(&settings.token)),
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
        self.0.said().or_else(|| refusal::nested(&self.0.body))
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

fn sign_in_again(token: &SecretInput) -> String {
    match token {
        SecretInput::Source(name) => format!("run `api-key-helper login --source {name}`"),
        _ => "sign in again where the `token` comes from".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api_key_helper_core::Secret;
    use zeroize::Zeroizing;

    use super::*;

    const FORM: &str = "token = { source = 'sso' }\ntoken_endpoint = 'https://sts.example.com/t'\n";
    const FEDERATION: &str = "grant = 'anthropic'\ntoken = { source = 'sso' }\n\
         federation_rule_id = 'fdrl_1'\norganization_id = 'o'\nservice_account_id = 'svac_1'\n";

    fn error(toml: &str, status: u16, body: &str) -> Error {
        let settings = Settings::for_tests(toml, &[]).unwrap();
        let answer = Answer(oauth::Answer {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            retry_after: Some(Duration::from_secs(7)),
            from: settings.endpoint.clone(),
            hidden: vec![Secret::from("hunter2")],
        });
        answer.error(&settings, "")
    }

    #[test]
    fn each_answer_has_its_kind() {
        use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Transient};
        let bearer = format!("{FORM}grant = 'jwt-bearer'");
        let exchange = format!("{FORM}grant = 'token-exchange'");
        let nested = |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}"}}}}"#);
        for (toml, status, body, kind) in [
            (&*bearer, 400, r#"{"error":"invalid_grant"}"#, Denied),
            (&bearer, 400, r#"{"error":"invalid_request"}"#, Misconfigured),
            (&bearer, 401, r#"{"error":"invalid_client"}"#, Misconfigured),
            (&bearer, 400, r#"{"error":"unauthorized_client"}"#, Misconfigured),
            (&bearer, 400, r#"{"error":"invalid_scope"}"#, Misconfigured),
            (&bearer, 400, r#"{"error":"interaction_required"}"#, NeedsLogin),
            (&bearer, 403, r#"{"error":"access_denied"}"#, Denied),
            (&exchange, 400, r#"{"error":"invalid_request"}"#, Denied),
            (&exchange, 400, r#"{"error":"invalid_token"}"#, Denied),
            (&exchange, 400, r#"{"error":"invalid_target"}"#, Misconfigured),
            (&exchange, 400, r#"{"error":"unsupported_grant_type"}"#, Misconfigured),
            (&exchange, 400, r#"{"error":"temporarily_unavailable"}"#, Transient),
            (FEDERATION, 401, &nested("authentication_error"), Denied),
            (FEDERATION, 403, &nested("permission_error"), Denied),
            (FEDERATION, 404, &nested("not_found_error"), NotFound),
            (FEDERATION, 400, &nested("invalid_request_error"), Misconfigured),
            (FEDERATION, 429, &nested("rate_limit_error"), Transient),
            (FEDERATION, 529, &nested("overloaded_error"), Transient),
            (FEDERATION, 403, "<html>Forbidden</html>", Transient),
            (FEDERATION, 404, "", Transient),
            (FEDERATION, 502, "<html>Bad Gateway</html>", Transient),
            (FEDERATION, 200, "<html>Sign in to the wireless network</html>", Transient),
        ] {
            let error = error(toml, status, body);
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(error.hint().is_some() || kind == Transient, "{error:?}");
            assert!(error.report().chars().count() < api_key_helper_core::SHOWN_LENGTH);
        }
    }

    #[test]
    fn whoever_signed_in_is_sent_to_the_source() {
        let toml = format!("{FORM}grant = 'jwt-bearer'");
        let error = error(&toml, 400, r#"{"error":"login_required"}"#);
        assert_eq!(error.hint(), Some("run `api-key-helper login --source sso`"));
    }

    #[test]
    fn a_wait_is_handed_on() {
        let wait = error(FEDERATION, 503, "").retry_after();
        assert_eq!(wait, Some(Duration::from_secs(7)));
    }

    #[test]
    fn the_servers_words_hold_no_secret() {
        let body = r#"{"error":"invalid_grant","error_description":"bad token hunter2"}"#;
        let error = error(FEDERATION, 400, body);
        assert!(error.message().ends_with("bad token [redacted] (`invalid_grant`)"), "{error}");
    }
}
