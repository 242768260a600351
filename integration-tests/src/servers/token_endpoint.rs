//! A token endpoint that checks what is traded in, and the issuer of what is traded in.

use serde_json::{Value, json};

use super::controlled_server::{ControlledServer, text};

/// Whom tokens must be for.
pub const AUDIENCE: &str = "https://tokens.example.com";

/// What a job of GitHub Actions asks for its token with.
pub const JOB_TOKEN: &str = "made-up-job-token-7c2d9a41";

/// The lines of a source by which Anthropic's form is asked for the right thing.
pub const FEDERATION: &str = "grant = \"anthropic\"\n\
    federation_rule_id = \"fdrl_made_up\"\n\
    organization_id = \"00000000-0000-4000-8000-000000000000\"\n\
    service_account_id = \"svac_made_up\"\n";

/// A token endpoint. Its methods block: a test calls them outside of its own runtime.
#[derive(Debug)]
pub struct TokenEndpoint {
    server: ControlledServer,
}

/// What an endpoint is like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the client `helper` proves who it is.
    pub client_auth: &'static str,
    /// Its secret, where it has one.
    pub secret: Option<String>,
    /// How long what is granted lives, in seconds.
    pub life: u32,
    /// Whether an assertion is taken once only.
    pub once: bool,
    /// The names of other issuers that are trusted, and where their keys are published.
    pub trusted: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { client_auth: "none", secret: None, life: 3_600, once: true, trusted: Vec::new() }
    }
}

/// A request for a token, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Where it was sent to.
    pub path: String,
    /// The answer's.
    pub status: u64,
    /// The server's word for what was wrong.
    pub error: Option<String>,
    /// What was asked for, without the secrets.
    pub asked: Value,
    /// Whether somebody acts for the subject.
    pub acts: bool,
}

impl TokenEndpoint {
    /// An endpoint as it is by default.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Settings::default())
    }

    /// An endpoint as `settings` say.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with(settings: &Settings) -> Self {
        Self {
            server: ControlledServer::start("token-endpoint.mjs", |port| described(settings, port)),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.http().address()
    }

    /// Where forms are sent to.
    #[must_use]
    pub fn form(&self) -> String {
        format!("{}/token", self.address())
    }

    /// Where Anthropic's form is sent to.
    #[must_use]
    pub fn federation(&self) -> String {
        format!("{}/v1/oauth/token", self.address())
    }

    /// What a job of GitHub Actions has in `ACTIONS_ID_TOKEN_REQUEST_URL`.
    #[must_use]
    pub fn job(&self) -> String {
        format!("{}/github/token?api-version=2.0", self.address())
    }

    /// A new token that can be traded in.
    #[must_use]
    pub fn token(&self) -> String {
        self.token_with(&[])
    }

    /// One with other claims: `key` (`wrong`), `issuer`, `subject`, `audience`, `life` in seconds, `jti`.
    ///
    /// # Panics
    /// When the endpoint is gone.
    #[must_use]
    pub fn token_with(&self, claims: &[(&str, &str)]) -> String {
        let answer = self.server.control("token", claims);
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// A line of the shell that prints a new token at each run. It needs `curl`.
    #[must_use]
    pub fn mint(&self) -> String {
        let ask = format!("curl --silent --fail --request POST '{}/test/token'", self.address());
        format!("{ask} | sed 's/.*\"token\":\"//; s/\".*//'")
    }

    /// Whether `key` was granted here, and has not ended.
    #[must_use]
    pub fn is_active(&self, key: &str) -> bool {
        self.server.look("active", &[("token", key)])["active"] == true
    }

    /// The next request for a token is answered so, before anybody looks at it.
    pub fn refuse(&self, status: u16, body: &str) {
        self.server.control("refuse", &[("status", &status.to_string()), ("body", body)]);
    }

    /// The same with a header.
    pub fn refuse_with(&self, status: u16, header: &str, body: &str) {
        let refusal = [("status", &*status.to_string()), ("header", header), ("body", body)];
        self.server.control("refuse", &refusal);
    }

    /// The next answer that grants something is lost: the connection breaks when it is there.
    pub fn lose_a_grant(&self) {
        self.server.control("lose", &[]);
    }

    /// The requests for tokens so far, in order.
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

    /// How the requests for tokens so far were answered, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<u64> {
        self.exchanges().iter().map(|exchange| exchange.status).collect()
    }

    /// Ends it at once.
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
