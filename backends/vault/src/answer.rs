//! What the server said, and what it means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use api_key_helper_core::{Error, ErrorKind, Secret};
use api_key_helper_http::quote;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::words::WORDS;

/// An answer in full. Not `Debug`, for what was asked for is in it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) retry_after: Option<Duration>,
    /// The address that answered, for messages.
    pub(crate) from: String,
    /// Secrets that were sent: a server that repeats one does not get it into a message.
    pub(crate) hidden: Vec<Secret>,
}

/// The outline that all answers of the API have (`<https://openbao.org/api-docs/>`, "API operations").
/// What is secret in it stays in the body until it is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    errors: Option<Vec<Cow<'a, str>>>,
    request_id: Option<Cow<'a, str>>,
    warnings: Option<Vec<Cow<'a, str>>>,
    pub(crate) auth: Option<Auth>,
    pub(crate) data: Option<&'a RawValue>,
    pub(crate) lease_id: Cow<'a, str>,
    pub(crate) lease_duration: u64,
    pub(crate) renewable: bool,
}

/// A token that was given out.
#[derive(Debug, Deserialize)]
pub(crate) struct Auth {
    #[serde(deserialize_with = "secret")]
    pub(crate) client_token: Secret,
    #[serde(default)]
    pub(crate) lease_duration: u64,
    #[serde(default)]
    pub(crate) renewable: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) token_policies: Vec<String>,
}

/// What an answer means, whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is there, or nothing is there any more.
    Absent,
    /// The token is dead or lacks a right: the server says the same for both.
    Forbidden,
    /// Yes.
    Good,
    /// No engine, auth method or namespace answers to that path.
    NoRoute,
    /// The request is not one that the path takes.
    Refused,
    /// A path of KV version 1 on an engine of version 2.
    Unversioned,
}

impl Answer {
    /// What the answer means, or the error that it is whatever was asked. This is where a status and
    /// a body become a kind: what is left open here, each request settles in its own words.
    pub(crate) fn verdict(&self) -> Result<Verdict, Error> {
        let envelope = self.envelope();
        let said = self.said();
        let has = |text: &str| said.as_deref().is_some_and(|said| said.contains(text));
        match (self.status, &envelope) {
            (200..=299, _) => Ok(Verdict::Good),
            (status, _) if ErrorKind::is_transient_status(status) => Err(self.unavailable()),
            (_, None) => Err(self.foreign()),
            (403, _) => Ok(Verdict::Forbidden),
            (404, Some(envelope)) => Ok(match () {
                () if envelope.says_unversioned() => Verdict::Unversioned,
                () if has("no handler for route")
                    || has("unsupported path")
                    || has("namespace not found") =>
                {
                    Verdict::NoRoute
                }
                () => Verdict::Absent,
            }),
            _ => Ok(Verdict::Refused),
        }
    }

    /// The answer's outline, where it has the API's form: a proxy's page has not.
    pub(crate) fn envelope(&self) -> Option<Envelope<'_>> {
        serde_json::from_slice(&self.body).ok().filter(|envelope: &Envelope<'_>| {
            envelope.errors.is_some() || envelope.request_id.is_some()
        })
    }

    /// The same of a good answer, which must have one.
    pub(crate) fn content(&self) -> Result<Envelope<'_>, Error> {
        self.envelope().ok_or_else(|| self.foreign())
    }

    /// The fields of `data`, none when there is no object.
    pub(crate) fn fields(&self) -> Result<BTreeMap<String, &RawValue>, Error> {
        let data = self.content()?.data;
        Ok(data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default())
    }

    /// `: ` and the server's own words, for the end of a message; or nothing.
    pub(crate) fn because(&self) -> String {
        self.said().map_or_else(String::new, |said| format!(": {said}"))
    }

    /// The server's own words in one line, without its list marks and without secrets.
    fn said(&self) -> Option<String> {
        let errors = self.envelope()?.errors?;
        let lines: Vec<&str> = errors
            .iter()
            .flat_map(|error| error.lines())
            .map(|line| line.trim().trim_start_matches("* ").trim_end_matches('.'))
            .filter(|line| !line.is_empty() && !line.ends_with("occurred:"))
            .collect();
        let said = quote(&lines.join("; "), &self.hidden);
        (!said.is_empty()).then_some(said)
    }

    fn unavailable(&self) -> Error {
        let from = &self.from;
        let said = self.said().unwrap_or_default();
        let error = match self.status {
            // Also the answer of `sys/health` for a standby, and of a replica that is too far behind.
            429 if said.contains("quota") => {
                let wait = self.retry_after.unwrap_or_default().max(QUOTA_INTERVAL);
                return Error::transient(format!("vault at `{from}` is over a quota: {said}"))
                    .with_hint("ask for a higher rate limit quota, or for a longer `ttl` here")
                    .with_retry_after(wait);
            }
            429 => Error::transient(format!(
                "vault at `{from}` does not serve just now (429){}",
                self.because()
            ))
            .with_hint(WAIT),
            // Vault Enterprise: the replica has not seen yet what the request depends on.
            412 => Error::transient(format!("vault at `{from}` is a replica that is behind"))
                .with_hint(WAIT),
            503 if said.contains("sealed") => {
                Error::transient(format!("vault at `{from}` is sealed"))
                    .with_hint("an operator runs `vault operator unseal` or `bao operator unseal`")
            }
            status => Error::transient(format!("`{from}` answered {status}{}", self.because()))
                .with_hint(WAIT),
        };
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// A page in another form than the API's is not the server's word.
    fn foreign(&self) -> Error {
        Error::transient(format!("`{}` answered {}, but not as vault does", self.from, self.status))
            .with_hint(WORDS.impostor)
    }
}

impl Envelope<'_> {
    fn says_unversioned(&self) -> bool {
        self.warnings.iter().flatten().any(|warning| warning.contains("versioned"))
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The shortest interval of a rate limit quota, which is the usual one. Of one that has begun the
/// server says 0 s, for it leaves off what is no whole second; and mostly it says nothing at all (OpenBao and
/// Vault, `sys/quotas/config`, `enable_rate_limit_response_headers`).
const QUOTA_INTERVAL: Duration = Duration::from_secs(1);

/// What will pass is asked again by itself.
const WAIT: &str = "wait a little; if it stays so, ask whoever runs the server";

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            retry_after: None,
            from: "https://v".to_owned(),
            hidden: vec![Secret::from("s.hunter2")],
        }
    }

    #[test]
    fn each_status_has_its_kind() {
        let denied = r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#;
        let meta = r#"{"request_id":"x","data":{"data":null,"metadata":{}},"warnings":null}"#;
        let v2 = r#"{"request_id":"x","warnings":["Invalid path for a versioned K/V engine"]}"#;
        let route = r#"{"errors":["no handler for route \"x/data/y\". route entry not found."]}"#;
        let bad = r#"{"errors":["invalid role or secret ID"]}"#;
        for (status, body, verdict) in [
            (200, "{}", Verdict::Good),
            (204, "", Verdict::Good),
            (403, denied, Verdict::Forbidden),
            (404, r#"{"errors":[]}"#, Verdict::Absent),
            (404, meta, Verdict::Absent),
            (404, v2, Verdict::Unversioned),
            (404, route, Verdict::NoRoute),
            (400, bad, Verdict::Refused),
            (405, r#"{"errors":["unsupported operation"]}"#, Verdict::Refused),
        ] {
            assert_eq!(answer(status, body).verdict(), Ok(verdict), "{status} {body}");
        }
        for (status, body) in [
            (403, "<html>Forbidden</html>"),
            (404, "<html>Not Found</html>"),
            (403, r#"{"message":"forbidden"}"#),
            (408, ""),
            (412, r#"{"errors":["required index state not present"]}"#),
            (429, r#"{"errors":["rate limit quota exceeded"]}"#),
            (429, r#"{"initialized":true,"standby":true}"#),
            (500, r#"{"errors":["internal error"]}"#),
            (502, "<html>"),
            (503, r#"{"errors":["Vault is sealed"]}"#),
        ] {
            let error = answer(status, body).verdict().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transient, "{status} {body}");
        }
    }

    #[test]
    fn a_quota_says_when_to_come_again() {
        let refused = |retry_after| {
            let body = r#"{"errors":["rate limit quota exceeded"]}"#;
            Answer { retry_after, ..answer(429, body) }.verdict().unwrap_err().retry_after()
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(refused(None), seconds(1));
        assert_eq!(refused(seconds(0)), seconds(1));
        assert_eq!(refused(seconds(7)), seconds(7));
        assert_eq!(answer(429, "{}").verdict().unwrap_err().retry_after(), None);
    }

    #[test]
    fn the_servers_words_are_one_line_without_secrets() {
        let body = r#"{"errors":["2 errors occurred:\n\t* permission denied\n\t* bad token s.hunter2\n\n"]}"#;
        assert_eq!(answer(403, body).because(), ": permission denied; bad token [redacted]");
        assert_eq!(answer(404, r#"{"errors":[]}"#).because(), "");
        let long = format!(r#"{{"errors":["{}"]}}"#, "x".repeat(10_000));
        assert!(answer(400, &long).because().len() < 250);
    }
}
