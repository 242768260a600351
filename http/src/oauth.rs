//! Responses of an OAuth server (RFC 6749, section 5). The meaning of an error code is up to the
//! backend.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Attempt, Error, Expiry, Fields, Moment, Secret};
use reqwest::RequestBuilder;
use reqwest::header::WWW_AUTHENTICATE;
use zeroize::Zeroizing;

use crate::{Address, Client, Failure, Words, body, is_transient_status, quote, retry_after};

/// A complete response.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, which may contain a secret.
    pub body: Zeroizing<Vec<u8>>,
    /// The time until the server accepts another request, if it says so.
    pub retry_after: Option<Duration>,
    /// The header `WWW-Authenticate`: the authentication that the server requires.
    pub challenge: Option<String>,
    /// The server that answered.
    pub from: Address,
    /// Secrets that were sent: messages must not repeat them, even if the server does.
    pub hidden: Vec<Secret>,
}

/// The meaning of a response, where the server's error codes are of type `C`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<C> {
    /// The response is not in OAuth's format: it comes from a proxy, or another server.
    Foreign,
    /// Success.
    Good,
    /// A refusal with an error code.
    Refused(C),
    /// The server is temporarily unavailable.
    Unavailable,
}

/// A refusal in OAuth's format (RFC 6749, section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error code, such as `invalid_grant`.
    pub word: String,
    /// The description for people.
    pub description: Option<String>,
}

impl Answer {
    /// Sends `request`, which contains the secrets `hidden`, to `address`. `time` limits the whole
    /// response.
    ///
    /// # Errors
    /// See [`Failure::on_the_way`]; `Misconfigured` for a redirect.
    pub async fn to(
        client: &Client,
        request: RequestBuilder,
        hidden: Vec<Secret>,
        address: &Address,
        time: Duration,
        attempt: &dyn Attempt,
        words: &Words,
    ) -> Result<Self, Failure> {
        let response = client.send(request, address, time, words).await?;
        let status = response.status();
        if status.is_redirection() {
            let error = Error::misconfigured(format!("`{address}` redirects ({status})"));
            return Err(Failure::unsent(error.with_hint(
                "tokens are not sent to redirects: set the address in the source to the final one",
            )));
        }
        let retry_after = retry_after(&response, attempt.now());
        let challenge = response.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = body(response, address, time, words).await?;
        let status = status.as_u16();
        Ok(Self { status, body, retry_after, challenge, from: address.clone(), hidden })
    }

    /// Returns the fields of the body, if it is a JSON object.
    #[must_use]
    pub fn fields(&self) -> Option<Fields<'_>> {
        Fields::parse(&self.body)
    }

    /// Returns the refusal in the body, if there is one.
    #[must_use]
    pub fn said(&self) -> Option<Refusal> {
        Refusal::read(&self.fields()?, "error", "error_description")
    }

    /// Returns the refusal of an unknown client or a wrong secret that the body does not report.
    /// RFC 6749, section 5.2, defines a status and a header for it, and some servers send nothing
    /// else.
    #[must_use]
    pub fn challenged(&self) -> Option<Refusal> {
        let challenge = self.challenge.as_ref().filter(|_| self.status == 401)?;
        let scheme = challenge.split_whitespace().next().unwrap_or_default();
        let description = format!("401, which asks for `{scheme}`");
        Some(Refusal { word: "invalid_client".to_owned(), description: Some(description) })
    }

    /// Returns the meaning of the response, in which the server `said` a refusal. `code` knows the
    /// error codes; an unknown one means `other`. The error code takes precedence over the status,
    /// because servers send `authorization_pending` with 200, 400, 403 and 428.
    pub fn verdict<C>(
        &self,
        said: Option<&Refusal>,
        code: impl FnOnce(&str) -> Option<C>,
        other: C,
    ) -> Verdict<C> {
        let is_transient = is_transient_status(self.status);
        match said.map(|refusal| (refusal, code(&refusal.word))) {
            Some((_, Some(code))) => Verdict::Refused(code),
            Some((refusal, None)) if refusal.is_outage() || is_transient => Verdict::Unavailable,
            Some((_, None)) if matches!(self.status, 200 | 400 | 401) => Verdict::Refused(other),
            None if matches!(self.status, 200..=299) => Verdict::Good,
            None if is_transient => Verdict::Unavailable,
            _ => Verdict::Foreign,
        }
    }

    /// Returns `: ` and the server's refusal, for the end of a message; or an empty text.
    #[must_use]
    pub fn because(&self, said: Option<&Refusal>) -> String {
        let Some(Refusal { word, description }) = said else { return String::new() };
        let said = match description {
            Some(description) if !description.trim().is_empty() => {
                format!("{description} (`{word}`)")
            }
            _ => format!("`{word}`"),
        };
        format!(": {}", quote(&said, &self.hidden))
    }

    /// Returns the error of a successful response whose field `name` is missing or invalid.
    #[must_use]
    pub fn lacks(&self, name: &str, words: &Words) -> Error {
        let Self { from, status, .. } = self;
        Error::transient(format!("`{from}` answered {status} without a usable `{name}`"))
            .with_hint(format!("{}; otherwise ask its operator to fix that field", words.impostor))
    }

    /// Returns the error of a server that is temporarily unavailable, `because` of
    /// [`Answer::because`].
    #[must_use]
    pub fn unavailable(&self, because: &str) -> Error {
        let error = Error::transient(format!("`{}` answered {}{because}", self.from, self.status))
            .with_hint("try again later; if the error stays, ask the server's operator");
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

/// Returns the expiry of a token that `from` issued for a request at `asked_at`, with `lifetime` in
/// `expires_in`.
///
/// # Errors
/// `Misconfigured`: the field is invalid. A token of unknown lifetime could be used after its
/// expiry.
pub fn expires_at(
    lifetime: Option<Expiry>,
    asked_at: SystemTime,
    from: &Address,
) -> Result<Option<SystemTime>, Error> {
    let Some(lifetime) = lifetime else { return Ok(None) };
    let end = lifetime.after(Moment::from(asked_at)).ok_or_else(|| {
        Error::misconfigured(format!(
            "`{from}` returned a token whose `expires_in` is not a number"
        ))
        .with_hint("ask its operator to send the lifetime in seconds")
    })?;
    Ok(Some(end.into()))
}

/// Refuses a token whose `token_type` requires a proof of possession with each use (RFC 9449,
/// section 5; draft-ietf-oauth-pop-key-distribution; draft-ietf-oauth-v2-http-mac). Other values
/// stand for a bearer token, or for one whose user knows how to send it.
///
/// # Errors
/// `Misconfigured`: the token is of such a type.
pub fn refuse_proof_type(token_type: Option<&str>, from: &Address) -> Result<(), Error> {
    let written = token_type.unwrap_or_default().trim();
    match PROOF_TYPES.iter().find(|name| written.eq_ignore_ascii_case(name)) {
        None => Ok(()),
        Some(name) => Err(Error::misconfigured(format!(
            "`{from}` returned a `{name}` token; only bearer tokens are supported"
        ))
        .with_hint("ask its operator for bearer tokens for this client")),
    }
}

const PROOF_TYPES: [&str; 3] = ["DPoP", "PoP", "MAC"];

impl Refusal {
    /// Returns the refusal whose code and description are in the fields of these names. A
    /// description that is not a string is ignored.
    #[must_use]
    pub fn read(fields: &Fields<'_>, word: &str, description: &str) -> Option<Self> {
        Some(Self { word: fields.string(word)?, description: fields.string(description) })
    }

    /// Returns whether the code means a temporary failure for any server (RFC 6749, section
    /// 4.1.2.1).
    fn is_outage(&self) -> bool {
        matches!(self.word.as_str(), "server_error" | "temporarily_unavailable")
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use api_key_helper_backend::ErrorKind;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            retry_after: Some(Duration::from_secs(7)),
            challenge: None,
            from: Address::parse("https://idp.example.com/token").unwrap(),
            hidden: vec![Secret::from("hunter2")],
        }
    }

    fn verdict(status: u16, body: &str) -> Verdict<char> {
        let answer = answer(status, body);
        let code = |word: &str| (word == "known").then_some('k');
        answer.verdict(answer.said().as_ref(), code, 'o')
    }

    #[test]
    fn oauth_error_code_beats_the_http_status() {
        for (status, body, expected) in [
            (200, "{}", Verdict::Good),
            (200, r#"{"error":null}"#, Verdict::Good),
            (200, r#"{"error":""}"#, Verdict::Good),
            (204, "", Verdict::Good),
            (200, r#"{"error":"known"}"#, Verdict::Refused('k')),
            (403, r#"{"error":"known"}"#, Verdict::Refused('k')),
            (503, r#"{"error":"known"}"#, Verdict::Refused('k')),
            (400, r#"{"error":"new"}"#, Verdict::Refused('o')),
            (401, r#"{"error":"new"}"#, Verdict::Refused('o')),
            (403, r#"{"error":"new"}"#, Verdict::Foreign),
            (429, r#"{"error":"new"}"#, Verdict::Unavailable),
            (400, r#"{"error":"server_error"}"#, Verdict::Unavailable),
            (400, r#"{"error":"temporarily_unavailable"}"#, Verdict::Unavailable),
            (502, "<html>Bad Gateway</html>", Verdict::Unavailable),
            (403, "<html>Forbidden</html>", Verdict::Foreign),
            (403, r#"{"error":{"code":403}}"#, Verdict::Foreign),
            (403, r#"{"error":null}"#, Verdict::Foreign),
            (400, "", Verdict::Foreign),
            (400, r#"["known"]"#, Verdict::Foreign),
            (302, "", Verdict::Foreign),
        ] {
            assert_eq!(verdict(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn oauth_error_with_odd_fields_is_read() {
        for odd in ["null", "7", "[\"a\"]", "{}"] {
            let body = format!(
                "\u{feff}{{\"error\":\"known\",\"error_description\":{odd},\"error_uri\":{odd},\
                 \"error_uri\":{odd}}}"
            );
            let said = answer(400, &body).said();
            assert_eq!(said, Some(Refusal { word: "known".to_owned(), description: None }));
        }
    }

    #[test]
    fn oauth_error_description_is_redacted() {
        let because = |description: &str| {
            let body = format!(r#"{{"error":"known","error_description":"{description}"}}"#);
            let answer = answer(400, &body);
            answer.because(answer.said().as_ref())
        };
        assert_eq!(because("bad token hunter2"), ": bad token [redacted] (`known`)");
        assert_eq!(because(" "), ": `known`");
        assert!(because(&"y".repeat(10_000)).len() < 250);
        assert_eq!(answer(400, "").because(None), "");
    }

    #[test]
    fn oauth_401_challenge_is_invalid_client() {
        let challenged = |status, challenge: Option<&str>| {
            let challenge = challenge.map(str::to_owned);
            Answer { challenge, ..answer(status, "") }.challenged()
        };
        let refusal = challenged(401, Some("Basic realm=\"oauth\"")).unwrap();
        assert_eq!(refusal.word, "invalid_client");
        assert_eq!(refusal.description.as_deref(), Some("401, which asks for `Basic`"));
        assert_eq!(challenged(401, None), None);
        assert_eq!(challenged(403, Some("Basic")), None);
    }

    #[test]
    fn oauth_expires_in_is_a_time_or_an_error_that_names_it() {
        let from = Address::parse("https://idp.example.com/token").unwrap();
        let end = |json: &str| {
            let json = format!(r#"{{"expires_in":{json}}}"#);
            let fields = Fields::parse(json.as_bytes()).unwrap();
            expires_at(fields.expiry("expires_in"), UNIX_EPOCH, &from)
        };
        let hour = Some(UNIX_EPOCH + Duration::from_secs(3_600));
        for written in ["3600", "\"3600\"", "3600.0"] {
            assert_eq!(end(written), Ok(hour), "{written}");
        }
        assert_eq!(end("null"), Ok(None));
        for zero in ["0", "\"0\"", "-1"] {
            assert_eq!(end(zero), Ok(Some(UNIX_EPOCH)), "{zero}");
        }
        for unreadable in ["{}", "[3600]", "true", "\"soon\"", "\"2030-01-31T12:00:00Z\""] {
            let error = end(unreadable).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            assert!(error.message().contains("`expires_in`"), "{error}");
        }
    }

    #[test]
    fn token_type_dpop_or_pop_is_refused() {
        let from = Address::parse("https://idp.example.com/token").unwrap();
        for good in ["Bearer", "bearer", "Bearer ", "BearerToken", "N_A", "", "JWT", "urn:x:jwt"] {
            assert!(refuse_proof_type(Some(good), &from).is_ok(), "{good}");
        }
        assert!(refuse_proof_type(None, &from).is_ok());
        for (bad, name) in [("DPoP", "DPoP"), ("dpop ", "DPoP"), ("pop", "PoP"), ("mac", "MAC")] {
            let error = refuse_proof_type(Some(bad), &from).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            assert!(error.message().contains(&format!("returned a `{name}` token")), "{error}");
        }
    }

    #[test]
    fn retry_after_of_a_503_is_in_the_error() {
        let error = answer(503, "").unavailable(": `known`");
        assert_eq!(error.message(), "`https://idp.example.com/token` answered 503: `known`");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert!(error.hint().is_some_and(|hint| hint.text().contains("try again later")));
    }
}
