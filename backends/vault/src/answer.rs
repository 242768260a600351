//! What the server said, and what it means.

use std::time::Duration;

use api_key_helper_backend::{Error, Fields, Secret};
use api_key_helper_http::{Words, is_transient_status, quote};
use reqwest::Method;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::call::Call;

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

/// The outline that all answers of the API have (`<https://openbao.org/api-docs/>`, "API
/// operations"). Each field is read when it is used: one that is not used may be of any type.
pub(crate) struct Envelope<'a> {
    errors: Option<Vec<String>>,
    fields: Fields<'a>,
}

/// A token that was given out.
#[derive(Debug)]
pub(crate) struct IssuedToken {
    pub(crate) client_token: Secret,
    pub(crate) lease_duration: Duration,
    pub(crate) renewable: bool,
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
    /// What the answer means, or the error that it is whatever was asked. This is where a status
    /// and a body become a kind: what is left open here, each request settles in its own words.
    pub(crate) fn verdict(&self) -> Result<Verdict, Error> {
        let envelope = self.envelope();
        let said = self.said();
        let has = |text: &str| said.as_deref().is_some_and(|said| said.contains(text));
        match (self.status, &envelope) {
            // What was revoked or taken back is answered by nothing.
            (204, _) | (200..=299, Some(_)) => Ok(Verdict::Good),
            _ if self.is_about_the_node() => Err(self.unavailable()),
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

    /// The same of an answer to `call`: what reads gets something to read.
    pub(crate) fn verdict_on(&self, call: &Call) -> Result<Verdict, Error> {
        match self.verdict()? {
            Verdict::Good if call.method == Method::GET && self.envelope().is_none() => {
                Err(self.foreign())
            }
            verdict => Ok(verdict),
        }
    }

    /// Returns whether the answer is about the node that was asked, and not about the request:
    /// another address may serve it, and so may this one later.
    fn is_about_the_node(&self) -> bool {
        // 412: a replica that is behind.
        is_transient_status(self.status) || self.status == 412 || self.node_state().is_some()
    }

    /// Returns whether the node refused before it looked at the request, so that sending it
    /// elsewhere does not carry it out twice.
    pub(crate) fn is_untouched(&self) -> bool {
        self.node_state().is_some() || (self.status == 503 && self.envelope().is_some())
    }

    /// Returns whether the server limits the rate of requests. To ask another of its nodes would
    /// get around the limit. A standby's 429 is no limit.
    pub(crate) fn is_rate_limit(&self) -> bool {
        self.status == 429 && !self.is_health()
    }

    /// Why the node cannot serve, where it says so.
    fn node_state(&self) -> Option<&'static NodeState> {
        let said = self.said().unwrap_or_default();
        // A proxy has a use of its own for most of these statuses.
        let health = self.is_health().then_some(self.status);
        NODE_STATES.iter().find(|state| {
            (health.is_some() && state.status == health)
                || state.words.is_some_and(|words| said.contains(words))
        })
    }

    /// Returns whether it is `sys/health`'s answer, by which a load balancer may tell of a node.
    fn is_health(&self) -> bool {
        let fields = Fields::parse(&self.body).unwrap_or_default();
        fields.has("initialized") || fields.has("standby")
    }

    /// The answer's outline, where it has the API's form: a proxy's page has not.
    pub(crate) fn envelope(&self) -> Option<Envelope<'_>> {
        let fields = Fields::parse(&self.body)?;
        let errors = fields.list("errors").and(fields.texts("errors"));
        let is_vaults = errors.is_some() || fields.text("request_id").is_some();
        is_vaults.then_some(Envelope { errors, fields })
    }

    /// The same of a good answer, which must have one.
    pub(crate) fn content(&self) -> Result<Envelope<'_>, Error> {
        self.envelope().ok_or_else(|| self.foreign())
    }

    /// The fields of `data`, none when there is no object.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, Error> {
        Ok(self.content()?.data().and_then(Fields::of).unwrap_or_default())
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
        let error = match (self.node_state(), self.status) {
            (Some(NodeState { state, hint, .. }), _) => {
                Error::transient(format!("vault at `{from}` {state}")).with_hint(*hint)
            }
            // Also the answer of `sys/health` for a standby, and of a replica that is too far
            // behind.
            (None, 429) if said.contains("quota") => {
                let wait = self.retry_after.unwrap_or_default().max(QUOTA_INTERVAL);
                return Error::transient(format!("vault at `{from}` is over a quota: {said}"))
                    .with_hint("ask for a higher rate limit quota, or for a longer `ttl` here")
                    .with_retry_after(wait);
            }
            (None, 429) => Error::transient(format!(
                "vault at `{from}` does not serve just now (429){}",
                self.because()
            ))
            .with_hint(WAIT),
            // Vault Enterprise: the replica has not seen yet what the request depends on.
            (None, 412) => {
                Error::transient(format!("vault at `{from}` is a replica that is behind"))
                    .with_hint(WAIT)
            }
            (None, status) => {
                Error::transient(format!("`{from}` answered {status}{}", self.because()))
                    .with_hint(WAIT)
            }
        };
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// A page in another form than the API's is not the server's word.
    fn foreign(&self) -> Error {
        Error::transient(format!("`{}` answered {}, but not as vault does", self.from, self.status))
            .with_hint(self.address_advice().unwrap_or(WORDS.impostor))
    }

    /// Returns the hint for an address that holds more than the server: a path of the API, or of
    /// the user interface.
    pub(crate) fn address_advice(&self) -> Option<&'static str> {
        let path = self.from.split_once("://").and_then(|(_, rest)| rest.split_once('/'))?.1;
        match path.split('/').find(|part| matches!(*part, "v1" | "ui"))? {
            "v1" => Some("leave the `/v1` of the API out of `address`"),
            _ => Some("leave the `/ui` of the user interface out of `address`"),
        }
    }
}

impl<'a> Envelope<'a> {
    /// The token that was given out, if there is one.
    pub(crate) fn auth(&self) -> Result<Option<IssuedToken>, Error> {
        let Some(auth) = self.fields.object("auth") else { return Ok(None) };
        let Some(client_token) = auth.secret("client_token") else { return Ok(None) };
        Ok(Some(IssuedToken {
            client_token,
            lease_duration: lifetime(&auth, "lease_duration")?,
            renewable: auth.flag("renewable").unwrap_or_default(),
            token_policies: auth.texts("token_policies").unwrap_or_default(),
        }))
    }

    /// Returns the requested data. A secret in it stays in the body until it is read.
    pub(crate) fn data(&self) -> Option<&'a RawValue> {
        self.fields.value("data")
    }

    /// Of what is lent.
    pub(crate) fn lease_id(&self) -> Option<String> {
        self.fields.text("lease_id")
    }

    /// For how long it is lent.
    pub(crate) fn lease_duration(&self) -> Result<Duration, Error> {
        lifetime(&self.fields, "lease_duration")
    }

    /// Returns whether the lease can be renewed.
    pub(crate) fn renewable(&self) -> bool {
        self.fields.flag("renewable").unwrap_or_default()
    }

    fn says_unversioned(&self) -> bool {
        let warnings = self.fields.texts("warnings").unwrap_or_default();
        warnings.iter().any(|warning| warning.contains("versioned"))
    }
}

/// A lifetime; zero where there is none. One that cannot be read is an error: without its end, a
/// key would be printed after it.
pub(crate) fn lifetime(fields: &Fields<'_>, name: &str) -> Result<Duration, Error> {
    match (fields.value(name), fields.seconds(name)) {
        (None, _) => Ok(Duration::ZERO),
        (Some(_), Some(lifetime)) => Ok(lifetime),
        (Some(_), None) => Err(Error::misconfigured(format!(
            "vault answered with a `{name}` that is not a number of seconds"
        ))
        .with_hint(WORDS.impostor)),
    }
}

/// Hints for what goes wrong on the way to the server.
pub(crate) const WORDS: Words = Words {
    server: "vault at ",
    way: "check `address`, the network, and whether the server is up",
    impostor: "a proxy or another server may stand in its place: check `address`",
    authority: "name that authority's certificate in `ca_file` (or `VAULT_CACERT`)",
    host: "fix `address`, or name the certificate's host in `tls_server_name`",
    client: Some("see `client_cert` and `client_key` of the source"),
};

/// Why a node cannot serve.
struct NodeState {
    /// By which `sys/health` says so, and a load balancer with it
    /// (`<https://developer.hashicorp.com/vault/api-docs/system/health>`).
    status: Option<u16>,
    /// By which an error says so, whatever its status.
    words: Option<&'static str>,
    /// The state of the node, as a message says it.
    state: &'static str,
    hint: &'static str,
}

const NODE_STATES: [NodeState; 8] = [
    NodeState {
        status: Some(503),
        words: Some("is sealed"),
        state: "is sealed",
        hint: "an operator runs `vault operator unseal` or `bao operator unseal`",
    },
    NodeState {
        status: Some(501),
        words: Some("is not initialized"),
        state: "is not initialized",
        hint: "an operator runs `vault operator init` or `bao operator init`",
    },
    NodeState {
        status: Some(472),
        words: Some("DR secondary mode"),
        state: "is a DR secondary",
        hint: SERVING,
    },
    NodeState { status: Some(473), words: None, state: "is a performance standby", hint: SERVING },
    NodeState {
        status: Some(530),
        words: None,
        state: "was removed from its cluster",
        hint: SERVING,
    },
    NodeState {
        status: None,
        words: Some("in standby mode"),
        state: "is a standby",
        hint: SERVING,
    },
    NodeState {
        status: None,
        words: Some("active cluster node not found"),
        state: "knows no active node",
        hint: WAIT,
    },
    NodeState {
        status: None,
        words: Some("from non-versioned to versioned"),
        state: "is upgrading the engine to KV version 2",
        hint: WAIT,
    },
];

/// The shortest interval of a rate limit quota, which is the usual one. Of one that has begun the
/// server says 0 s, for it leaves off what is no whole second; and mostly it says nothing at all
/// (OpenBao and Vault, `sys/quotas/config`, `enable_rate_limit_response_headers`).
const QUOTA_INTERVAL: Duration = Duration::from_secs(1);

/// Another node may serve it.
const SERVING: &str = "list an address that serves requests in `address`, or ask the server's \
    operator";

/// What will pass is asked again by itself.
const WAIT: &str = "wait a little; if it stays so, ask the server's administrator";

#[cfg(test)]
mod tests {
    use api_key_helper_backend::ErrorKind;

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
    fn vault_status_codes_have_their_error_kind() {
        let denied = r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#;
        let meta = r#"{"request_id":"x","data":{"data":null,"metadata":{}},"warnings":null}"#;
        let v2 = r#"{"request_id":"x","warnings":["Invalid path for a versioned K/V engine"]}"#;
        let route = r#"{"errors":["no handler for route \"x/data/y\". route entry not found."]}"#;
        let bad = r#"{"errors":["invalid role or secret ID"]}"#;
        for (status, body, verdict) in [
            (200, r#"{"request_id":"x"}"#, Verdict::Good),
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
            (200, "<html>Welcome</html>"),
            (200, "{}"),
            (200, ""),
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
    fn vault_node_state_472_473_501_503_is_transient() {
        let dr = r#"{"errors":["path disabled in replication DR secondary mode"]}"#;
        for (status, body, state) in [
            (400, dr, "is a DR secondary"),
            (472, r#"{"initialized":true}"#, "is a DR secondary"),
            (473, r#"{"initialized":true}"#, "is a performance standby"),
            (501, r#"{"initialized":false}"#, "is not initialized"),
            (503, r#"{"initialized":true,"sealed":true,"standby":true}"#, "is sealed"),
            (530, r#"{"initialized":true}"#, "was removed from its cluster"),
            (400, r#"{"errors":["Vault is sealed"]}"#, "is sealed"),
            (400, r#"{"errors":["Vault is in standby mode"]}"#, "is a standby"),
            (
                400,
                r#"{"errors":["Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly."]}"#,
                "is upgrading the engine",
            ),
            (
                400,
                r#"{"errors":["Waiting for the primary to upgrade from non-versioned to versioned data. This backend will be unavailable for a brief period"]}"#,
                "is upgrading the engine",
            ),
        ] {
            let answer = answer(status, body);
            let error = answer.verdict().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transient, "{status} {body}");
            assert!(error.message().contains(state), "{status} {error}");
            assert!(answer.is_untouched() && !answer.is_rate_limit(), "{status} {body}");
        }
    }

    #[test]
    fn vault_health_status_without_its_body_is_a_proxys() {
        for status in [472, 473, 501, 503, 530] {
            for body in ["", "<html>Not Implemented</html>", r#"{"message":"no"}"#] {
                let answer = answer(status, body);
                let error = answer.verdict().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Transient, "{status} {body}");
                assert!(error.message().contains(&format!("answered {status}")), "{error}");
                // The proxy may have sent the request on before it gave up.
                assert!(!answer.is_untouched(), "{status} {body}");
            }
        }
    }

    #[test]
    fn vault_answer_field_of_an_odd_type_is_ignored() {
        let body = r#"{"request_id":7,"warnings":{"a":1},"lease_id":null,"renewable":"x","wrap_info":[],
            "mount_type":5,"data":{"data":{"k":"v"},"metadata":"x"},"lease_duration":"3600",
            "auth":{"client_token":"s.t","lease_duration":"60","renewable":"true","token_policies":"default",
            "metadata":7,"entity_id":[]}}"#;
        let answer = answer(200, body);
        let content = answer.content().unwrap();
        assert_eq!(content.lease_duration(), Ok(Duration::from_secs(3600)));
        assert!(content.lease_id().is_none() && !content.renewable() && content.data().is_some());
        let auth = content.auth().unwrap().unwrap();
        assert_eq!((auth.client_token.expose(), auth.lease_duration.as_secs()), ("s.t", 60));
        assert!(auth.renewable && auth.token_policies == ["default"]);
        assert_eq!(answer.verdict(), Ok(Verdict::Good));
    }

    #[test]
    fn vault_answer_with_a_byte_order_mark_is_read() {
        let marked = answer(404, "\u{feff}{\"errors\":[]}");
        assert_eq!(marked.verdict(), Ok(Verdict::Absent));
    }

    #[test]
    fn vault_lease_duration_that_is_invalid_is_named() {
        for (body, name) in [
            (r#"{"request_id":"r","lease_duration":"soon"}"#, "`lease_duration`"),
            (r#"{"request_id":"r","lease_duration":-5}"#, "`lease_duration`"),
            (r#"{"request_id":"r","lease_duration":[1]}"#, "`lease_duration`"),
        ] {
            let answer = answer(200, body);
            let error = answer.content().unwrap().lease_duration().unwrap_err();
            assert!(error.message().contains(name), "{error}");
        }
    }

    #[test]
    fn vault_429_quota_keeps_the_next_address_from_being_asked() {
        assert!(answer(429, r#"{"errors":["rate limit quota exceeded"]}"#).is_rate_limit());
        assert!(answer(429, "<html>Too Many Requests</html>").is_rate_limit());
        assert!(
            !answer(429, r#"{"initialized":true,"sealed":false,"standby":true}"#).is_rate_limit()
        );
        assert!(!answer(503, r#"{"errors":["Vault is sealed"]}"#).is_rate_limit());
    }

    #[test]
    fn vault_address_with_api_or_ui_path_is_named() {
        let advice =
            |from: &str| Answer { from: from.to_owned(), ..answer(404, "{}") }.address_advice();
        assert!(advice("https://v:8200/v1").unwrap().contains("`/v1`"));
        assert!(advice("https://v/eu/v1").unwrap().contains("`/v1`"));
        assert!(advice("https://v/ui/vault/secrets").unwrap().contains("`/ui`"));
        for right in ["https://v", "https://v:8200/eu", "https://v1.example.com", "https://ui/eu"] {
            assert_eq!(advice(right), None, "{right}");
        }
    }

    #[test]
    fn vault_429_quota_has_retry_after() {
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
    fn vault_error_message_is_one_redacted_line() {
        let body = r#"{"errors":["2 errors occurred:\n\t* permission denied\n\t* bad token s.hunter2\n\n"]}"#;
        assert_eq!(answer(403, body).because(), ": permission denied; bad token [redacted]");
        assert_eq!(answer(404, r#"{"errors":[]}"#).because(), "");
        let long = format!(r#"{{"errors":["{}"]}}"#, "x".repeat(10_000));
        assert!(answer(400, &long).because().len() < 250);
    }
}
