//! A token endpoint that checks subject tokens, with their issuer.

use serde_json::{Value, json};

use super::controlled_server::{ControlledServer, text};

/// The required audience of subject tokens.
pub const AUDIENCE: &str = "https://tokens.example.com";

/// The request token of a GitHub Actions job.
pub const JOB_TOKEN: &str = "made-up-job-token-7c2d9a41";

/// The lines of a source that uses Anthropic's token endpoint.
pub const FEDERATION: &str = "grant = \"anthropic\"\n\
    federation_rule_id = \"fdrl_made_up\"\n\
    organization_id = \"00000000-0000-4000-8000-000000000000\"\n\
    service_account_id = \"svac_made_up\"\n";

/// A token endpoint. Its methods block: call them outside an async runtime.
#[derive(Debug)]
pub struct TokenEndpoint {
    server: ControlledServer,
}

/// The settings of an endpoint.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The authentication method of the client `helper`.
    pub client_auth: &'static str,
    /// The secret of the client, if it has one.
    pub secret: Option<String>,
    /// The lifetime of granted tokens, in seconds.
    pub life: u32,
    /// An assertion is accepted only once.
    pub once: bool,
    /// The names of other trusted issuers, with the addresses of their keys.
    pub trusted: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { client_auth: "none", secret: None, life: 3_600, once: true, trusted: Vec::new() }
    }
}

/// A request for a token, with its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The path.
    pub path: String,
    /// The status of the response.
    pub status: u64,
    /// The error code.
    pub error: Option<String>,
    /// The parameters without the secrets.
    pub asked: Value,
    /// An actor acts for the subject.
    pub acts: bool,
}

impl TokenEndpoint {
    /// Starts an endpoint with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Settings::default())
    }

    /// Starts an endpoint with these settings.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn with(settings: &Settings) -> Self {
        Self {
            server: ControlledServer::start("token-endpoint.mjs", |port| described(settings, port)),
        }
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.http().address()
    }

    /// Returns the address of form requests.
    #[must_use]
    pub fn form(&self) -> String {
        format!("{}/token", self.address())
    }

    /// Returns the address of Anthropic's JSON requests.
    #[must_use]
    pub fn federation(&self) -> String {
        format!("{}/v1/oauth/token", self.address())
    }

    /// Returns the `ACTIONS_ID_TOKEN_REQUEST_URL` of a GitHub Actions job.
    #[must_use]
    pub fn job(&self) -> String {
        format!("{}/github/token?api-version=2.0", self.address())
    }

    /// Returns a new subject token.
    #[must_use]
    pub fn token(&self) -> String {
        self.token_with(&[])
    }

    /// Returns a new subject token with other claims: `key` (`wrong`), `issuer`, `subject`,
    /// `audience`, `life` in seconds, `jti`.
    ///
    /// # Panics
    /// The endpoint has ended.
    #[must_use]
    pub fn token_with(&self, claims: &[(&str, &str)]) -> String {
        let answer = self.server.control("token", claims);
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// Returns a shell line that prints a new token in each run. It needs `curl`.
    #[must_use]
    pub fn mint(&self) -> String {
        let ask = format!("curl --silent --fail --request POST '{}/test/token'", self.address());
        format!("{ask} | sed 's/.*\"token\":\"//; s/\".*//'")
    }

    /// Returns whether `key` was granted here, and has not expired.
    #[must_use]
    pub fn is_active(&self, key: &str) -> bool {
        self.server.look("active", &[("token", key)])["active"] == true
    }

    /// Answers the next token request with this response, before the endpoint sees it.
    pub fn refuse(&self, status: u16, body: &str) {
        self.server.control("refuse", &[("status", &status.to_string()), ("body", body)]);
    }

    /// Does the same with a header.
    pub fn refuse_with(&self, status: u16, header: &str, body: &str) {
        let refusal = [("status", &*status.to_string()), ("header", header), ("body", body)];
        self.server.control("refuse", &refusal);
    }

    /// Breaks the connection of the next granted request before its response.
    pub fn lose_a_grant(&self) {
        self.server.control("lose", &[]);
    }

    /// Returns the token requests so far, in order.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.server.events(|event| Exchange {
            path: text(&event["path"]).unwrap_or_default(),
            status: event["status"].as_u64().unwrap_or_default(),
            error: text(&event["error"]),
            asked: event["asked"].clone(),
            acts: event["acts"] == true,
        })
    }

    /// Returns the statuses of the token requests so far, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<u64> {
        self.exchanges().iter().map(|exchange| exchange.status).collect()
    }

    /// Kills the endpoint.
    pub fn kill(&self) {
        self.server.kill();
    }
}

impl Default for TokenEndpoint {
    fn default() -> Self {
        Self::new()
    }
}

fn described(settings: &Settings, port: u16) -> Value {
    let trusted = settings.trusted.iter();
    let trusted = trusted.map(|(issuer, keys)| json!({ "issuer": issuer, "jwks_uri": keys }));
    json!({
        "audience": AUDIENCE,
        "client_auth": settings.client_auth,
        "job_token": JOB_TOKEN,
        "life": settings.life,
        "once": settings.once,
        "port": port,
        "secret": settings.secret,
        "trusted": trusted.collect::<Vec<_>>(),
    })
}
