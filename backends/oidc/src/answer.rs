//! What a provider said, and what it means.

use api_key_helper_backend::{Error, Fields, Secret};
use api_key_helper_http::Words;
use api_key_helper_http::oauth::{self, Refusal};
use serde_json::json;
use zeroize::Zeroizing;

use crate::config::Settings;
use crate::endpoint::Endpoint;

/// A provider's answer.
pub(crate) struct Answer(pub(crate) oauth::Answer);

/// What an answer means, whatever was asked.
pub(crate) type Verdict = oauth::Verdict<Code>;

/// Why a provider refuses (RFC 6749, section 5.2; RFC 8628, section 3.5; RFC 8707, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    /// The provider wants the user to sign in again (OpenID Connect Core, section 3.1.2.6).
    HumanNeeded,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    InvalidTarget,
    Other,
    SlowDown,
    /// The client may not use this grant.
    UnauthorizedClient,
}

impl Answer {
    /// The no that a browser brings from `from`: it has the words of every other
    /// (RFC 6749, section 4.1.2.1).
    pub(crate) fn refusal(
        from: &Endpoint,
        error: &str,
        description: Option<&str>,
        hidden: Vec<Secret>,
    ) -> Self {
        let body = json!({ "error": error, "error_description": description }).to_string();
        Self(oauth::Answer {
            status: 400,
            body: Zeroizing::new(body.into_bytes()),
            retry_after: None,
            challenge: None,
            from: from.as_ref().clone(),
            hidden,
        })
    }

    /// What it means.
    pub(crate) fn verdict(&self) -> Verdict {
        self.0.verdict(self.said().as_ref(), Code::parse, Code::Other)
    }

    /// The error that an answer is which is not good. This is where a status and a body become a
    /// kind; who knows better by what was asked, looks at the verdict first.
    pub(crate) fn error(&self, settings: &Settings) -> Error {
        let from = &self.0.from;
        let because = self.because();
        let client = &settings.client_id;
        let flow = settings.flow;
        match self.verdict() {
            Verdict::Unavailable => self.0.unavailable(&because),
            Verdict::Good | Verdict::Foreign => Error::transient(format!(
                "`{from}` answered {}, but not as a provider does",
                self.0.status
            ))
            .with_hint(WORDS.impostor),
            Verdict::Refused(code) => match code {
                Code::AccessDenied => Error::denied(format!("`{from}` denies access{because}"))
                    .with_hint(
                        settings.to_go_on(format!(
                            "ask for access for the client `{client}`, then run"
                        )),
                    ),
                Code::InvalidClient => {
                    Error::misconfigured(format!("`{from}` refused the client `{client}`{because}"))
                        .with_hint(format!(
                            "compare `client_id` and `{}` with its registration",
                            settings.proof()
                        ))
                }
                Code::InvalidScope => {
                    let scopes = settings.scopes.join(" ");
                    Error::misconfigured(format!("`{from}` refused scopes of `{scopes}`{because}"))
                        .with_hint("see `scopes` of the source")
                }
                Code::InvalidTarget => {
                    Error::misconfigured(format!("`{from}` refused the resource{because}"))
                        .with_hint("see `resource` and `audience` of the source")
                }
                Code::UnauthorizedClient => Error::misconfigured(format!(
                    "the client `{client}` may not do this at `{from}`{because}"
                ))
                .with_hint(format!("allow it {} where it is registered", flow.permission())),
                Code::Other => {
                    Error::misconfigured(format!("`{from}` refused the request{because}"))
                        .with_hint("compare the source with the client's registration")
                }
                Code::SlowDown => self.0.unavailable(&because),
                // No sign-in would help.
                _ if !flow.has_login() => {
                    Error::misconfigured(format!("`{from}` refused the client `{client}`{because}"))
                        .with_hint("compare the source with the client's registration")
                }
                Code::AuthorizationPending
                | Code::ExpiredToken
                | Code::HumanNeeded
                | Code::InvalidGrant => {
                    settings.needs_login(format!("`{from}` demands a new sign-in{because}"))
                }
            },
        }
    }

    /// The error of an answer by which the user declined.
    pub(crate) fn declined(&self, settings: &Settings) -> Error {
        Error::denied(format!("the sign-in was declined{}", self.because()))
            .with_hint(settings.to_login("to start again, run"))
    }

    /// Whether the provider may have granted what was asked although we cannot read it: behind a
    /// gateway's error, or its own after the fact, there may be a token that is lost.
    pub(crate) fn may_hide_a_grant(&self) -> bool {
        !matches!(self.verdict(), Verdict::Refused(_))
            && matches!(self.0.status, 200..=299 | 500 | 502 | 504)
    }

    /// The fields of a good answer.
    pub(crate) fn fields(&self, settings: &Settings) -> Result<Fields<'_>, Error> {
        match self.0.fields() {
            Some(fields) if self.verdict() == Verdict::Good => Ok(fields),
            _ => Err(self.error(settings)),
        }
    }

    /// `: ` and the provider's own words, for the end of a message; or nothing.
    pub(crate) fn because(&self) -> String {
        self.0.because(self.said().as_ref())
    }

    fn said(&self) -> Option<Refusal> {
        self.0.said().or_else(|| self.0.challenged())
    }
}

impl Code {
    fn parse(error: &str) -> Option<Self> {
        Some(match error {
            // The second is Entra ID's.
            "access_denied" | "authorization_declined" => Self::AccessDenied,
            "authorization_pending" => Self::AuthorizationPending,
            "expired_token" | "code_expired" => Self::ExpiredToken,
            "interaction_required"
            | "login_required"
            | "consent_required"
            | "account_selection_required" => Self::HumanNeeded,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" | "bad_verification_code" => Self::InvalidGrant,
            "invalid_scope" => Self::InvalidScope,
            "invalid_target" => Self::InvalidTarget,
            "slow_down" => Self::SlowDown,
            "unauthorized_client" | "unsupported_grant_type" => Self::UnauthorizedClient,
            _ => return None,
        })
    }
}

/// Hints for what goes wrong on the way to a provider.
pub(crate) const WORDS: Words = Words {
    server: "",
    way: "check `issuer`, the network, and whether the provider is up",
    impostor: "a proxy or another server may stand in its place: check `issuer`",
    authority: "name that authority's certificate in `ca_file`",
    host: "compare the host in `issuer` with the certificate's",
    client: None,
};

#[cfg(test)]
impl Answer {
    pub(crate) fn for_tests(status: u16, body: &str) -> Self {
        Self(oauth::Answer {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            retry_after: Some(std::time::Duration::from_secs(7)),
            challenge: None,
            from: api_key_helper_http::Address::parse("https://idp.example.com/token").unwrap(),
            hidden: vec!["hunter2".into()],
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api_key_helper_backend::ErrorKind;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::for_tests(status, body)
    }

    fn error(status: u16, body: &str) -> Error {
        answer(status, body).error(&Settings::for_tests())
    }

    #[test]
    fn oauth_error_codes_have_their_error_kind() {
        use ErrorKind::{Denied, Misconfigured, NeedsLogin, Transient};
        for (status, body, kind) in [
            (400, r#"{"error":"access_denied"}"#, Denied),
            (400, r#"{"error":"authorization_declined"}"#, Denied),
            (401, r#"{"error":"invalid_client"}"#, Misconfigured),
            (400, r#"{"error":"unauthorized_client"}"#, Misconfigured),
            (400, r#"{"error":"unsupported_grant_type"}"#, Misconfigured),
            (400, r#"{"error":"invalid_scope"}"#, Misconfigured),
            (400, r#"{"error":"invalid_target"}"#, Misconfigured),
            (400, r#"{"error":"invalid_request"}"#, Misconfigured),
            (400, r#"{"error":"invalid_grant"}"#, NeedsLogin),
            (400, r#"{"error":"interaction_required"}"#, NeedsLogin),
            (503, r#"{"error":"temporarily_unavailable"}"#, Transient),
            (400, r#"{"error":"server_error"}"#, Transient),
            (429, r#"{"error":"too_many_requests"}"#, Transient),
            (502, "<html>Bad Gateway</html>", Transient),
            (403, "<html>Forbidden</html>", Transient),
            (403, r#"{"error":"forbidden"}"#, Transient),
            (403, r#"{"error":{"code":403}}"#, Transient),
            (400, "", Transient),
            (404, "", Transient),
            (200, "<html>Sign in to the wireless network</html>", Transient),
        ] {
            assert_eq!(error(status, body).kind(), kind, "{status} {body}");
        }
    }

    #[test]
    fn authorization_pending_is_recognized_by_the_body() {
        for status in [200, 400, 403, 428] {
            let verdict = answer(status, r#"{"error":"authorization_pending"}"#).verdict();
            assert_eq!(verdict, Verdict::Refused(Code::AuthorizationPending), "{status}");
        }
    }

    #[test]
    fn unreadable_token_answer_may_have_been_a_grant() {
        for (status, body) in [(200, "{"), (500, r#"{"error":"server_error"}"#), (504, "")] {
            assert!(answer(status, body).may_hide_a_grant(), "{status}");
        }
        for (status, body) in
            [(200, r#"{"error":"slow_down"}"#), (400, ""), (403, "<html>"), (429, ""), (503, "")]
        {
            assert!(!answer(status, body).may_hide_a_grant(), "{status}");
        }
    }

    #[test]
    fn oauth_401_challenge_without_a_body_blames_the_client() {
        let challenge = Some("Basic realm=\"oauth\"".to_owned());
        for body in ["", " ", "<html>Unauthorized</html>"] {
            let answer =
                Answer(oauth::Answer { challenge: challenge.clone(), ..answer(401, body).0 });
            let error = answer.error(&Settings::for_tests());
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{body}");
            assert!(error.message().contains("refused the client `helper`: 401"), "{error}");
            assert!(error.hint().unwrap().to_string().contains("`client_id`"), "{error:?}");
        }
        // The body's own word goes first.
        let body = r#"{"error":"invalid_grant"}"#;
        let answer = Answer(oauth::Answer { challenge, ..answer(401, body).0 });
        assert_eq!(answer.verdict(), Verdict::Refused(Code::InvalidGrant));
    }

    #[test]
    fn retry_after_of_a_503_is_in_the_error() {
        assert_eq!(error(503, "").retry_after(), Some(Duration::from_secs(7)));
    }
}
