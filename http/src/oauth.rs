//! What an OAuth server says (RFC 6749, section 5), whatever it was asked. What its words mean is a
//! backend's to say.

use std::time::Duration;

use api_key_helper_core::{Error, ErrorKind, FetchRequest, Secret};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{Address, Failure, Words, body, quote, retry_after, send};

/// An answer in full.
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// What it brought, which may be a secret.
    pub body: Zeroizing<Vec<u8>>,
    /// When the server wants to be asked again, where it says so.
    pub retry_after: Option<Duration>,
    /// Who answered.
    pub from: Address,
    /// Secrets that were sent: a server that repeats one does not get it into a message.
    pub hidden: Vec<Secret>,
}

/// What an answer means, where the server's own words mean `C`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<C> {
    /// Not the words of such a server: a proxy's page, or another server's.
    Foreign,
    /// Yes.
    Good,
    /// No, in the server's own form.
    Refused(C),
    /// Not now.
    Unavailable,
}

/// A no in the server's own form (RFC 6749, section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The server's word for it, such as `invalid_grant`.
    pub word: String,
    /// What it says to a person.
    pub description: Option<String>,
}

impl Answer {
    /// The answer of `address` to `request`, in which the secrets `hidden` are. All of it has to be there
    /// within `time`.
    ///
    /// # Errors
    /// See [`Failure::on_the_way`]; and Misconfigured, when the server sends us elsewhere.
    pub async fn to(
        request: RequestBuilder,
        hidden: Vec<Secret>,
        address: &Address,
        time: Duration,
        attempt: &FetchRequest<'_>,
        words: &Words,
    ) -> Result<Self, Failure> {
        let response = send(request, address, time, words).await?;
        let status = response.status();
        if status.is_redirection() {
            let error = Error::misconfigured(format!("`{address}` redirects ({status})"));
            return Err(Failure::unsent(error.with_hint(
                "no token follows a redirect: write the address that it leads to into the source",
            )));
        }
        let retry_after = retry_after(&response, attempt.now());
        let body = body(response, address, time, words).await?;
        Ok(Self { status: status.as_u16(), body, retry_after, from: address.clone(), hidden })
    }

    /// The refusal that the body is, if it is one.
    #[must_use]
    pub fn said(&self) -> Option<Refusal> {
        #[derive(Deserialize)]
        struct Written {
            error: String,
            error_description: Option<Value>,
        }

        let Written { error, error_description } = serde_json::from_slice(&self.body).ok()?;
        // What is no text is no reason to miss the word.
        let description = error_description.as_ref().and_then(Value::as_str).map(str::to_owned);
        Some(Refusal { word: error, description })
    }

    /// What it means, where the server has `said` that, and its words are those that `code` knows. One
    /// that it does not know is `other`. The word goes before the status, for servers put
    /// `authorization_pending` under 200, 400, 403 and 428.
    pub fn verdict<C>(
        &self,
        said: Option<&Refusal>,
        code: impl FnOnce(&str) -> Option<C>,
        other: C,
    ) -> Verdict<C> {
        let is_transient = ErrorKind::is_transient_status(self.status);
        match said.map(|refusal| (refusal, code(&refusal.word))) {
            Some((_, Some(code))) => Verdict::Refused(code),
            Some((refusal, None)) if refusal.is_outage() || is_transient => Verdict::Unavailable,
            Some((_, None)) if matches!(self.status, 200 | 400 | 401) => Verdict::Refused(other),
            None if matches!(self.status, 200..=299) => Verdict::Good,
            None if is_transient => Verdict::Unavailable,
            _ => Verdict::Foreign,
        }
    }

    /// `: ` and what the server has `said`, for the end of a message; or nothing.
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

    /// The error of an answer that says: not now, `because` of what [`Answer::because`] tells.
    #[must_use]
    pub fn unavailable(&self, because: &str) -> Error {
        let error = Error::transient(format!("`{}` answered {}{because}", self.from, self.status));
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

impl Refusal {
    /// Whether any server says by that word that it cannot answer now (RFC 6749, section 4.1.2.1).
    fn is_outage(&self) -> bool {
        matches!(self.word.as_str(), "server_error" | "temporarily_unavailable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            retry_after: Some(Duration::from_secs(7)),
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
    fn the_word_goes_before_the_status() {
        for (status, body, expected) in [
            (200, "{}", Verdict::Good),
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
    fn an_odd_description_is_none() {
        for odd in ["null", "7", "[\"a\"]", "{}"] {
            let body = format!(r#"{{"error":"known","error_description":{odd}}}"#);
            let said = answer(400, &body).said();
            assert_eq!(said, Some(Refusal { word: "known".to_owned(), description: None }));
        }
    }

    #[test]
    fn the_servers_words_hold_no_secret() {
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
    fn a_wait_is_handed_on() {
        let error = answer(503, "").unavailable(": `known`");
        assert_eq!(error.message(), "`https://idp.example.com/token` answered 503: `known`");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}
