//! An identity provider: `oidc-provider`, and the human in front of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::browser::Page;
use super::controlled_server::{ControlledServer, text};
use super::{http_client, sign_in_pages};

/// The public client that every provider knows.
pub const CLIENT: &str = "helper";

/// Who signs in.
pub const ACCOUNT: &str = "ada";

/// A provider. Its methods block: a test calls them outside of its own runtime, or on a thread of
/// their own.
#[derive(Debug)]
pub struct OidcProvider {
    server: ControlledServer,
}

/// What a provider is like. Lifetimes are in seconds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of access tokens.
    pub access_token: u32,
    /// Of device codes.
    pub device_code: u32,
    /// Of ID tokens.
    pub id_token: u32,
    /// Between two polls, where the provider says so.
    pub interval: Option<u32>,
    /// Of refresh tokens.
    pub refresh_token: u32,
    /// Whether a refresh token is good for one refresh only.
    pub rotate: bool,
    /// The client's secret and how it is sent: `client_secret_basic`, `client_secret_post`, or as the
    /// key of an assertion: `client_secret_jwt`. With one the client may also ask for itself.
    pub secret: Option<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token: 3_600,
            device_code: 600,
            id_token: 3_600,
            interval: Some(1),
            refresh_token: 86_400,
            rotate: true,
            secret: None,
        }
    }
}

/// A request that the provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Such as `/token`.
    pub path: String,
    /// Such as `authorization_code` or `refresh_token`, of a request to `/token`.
    pub grant: String,
    /// The answer's.
    pub status: u64,
    /// Such as `authorization_pending`.
    pub error: Option<String>,
    /// In milliseconds.
    pub at: u64,
}

impl OidcProvider {
    /// A provider as it is by default.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Settings::default())
    }

    /// A provider as `settings` say.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with(settings: &Settings) -> Self {
        Self {
            server: ControlledServer::start("oidc-provider.mjs", |port| described(settings, port)),
        }
    }

    /// Its address, which is also its name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.server.http().address()
    }

    /// The human signs in as [`ACCOUNT`] and approves.
    ///
    /// # Panics
    /// When the provider does not let them.
    pub fn approve(&self, user_code: &str) {
        let page = sign_in_pages::approve(&self.device_page(user_code));
        assert!(page.status == 200 && page.html.contains("Success"), "{page:?}");
    }

    /// The human does not want to.
    pub fn deny(&self, user_code: &str) {
        sign_in_pages::deny(&self.device_page(user_code));
    }

    /// The human signs in as [`ACCOUNT`] on the page at `address`, and approves. Gives where the
    /// provider sends the browser then, which does not go there.
    ///
    /// # Panics
    /// When the provider sends it nowhere.
    #[must_use]
    pub fn authorize(&self, address: &str) -> String {
        Self::sent_to(sign_in_pages::approve(address))
    }

    /// The same of a human who does not want to.
    ///
    /// # Panics
    /// When the provider sends the browser nowhere.
    #[must_use]
    pub fn decline(&self, address: &str) -> String {
        Self::sent_to(sign_in_pages::decline(address))
    }

    /// An administrator ends all logins: their refresh tokens are dead.
    pub fn revoke(&self) {
        self.server.control("revoke", &[]);
    }

    /// The next poll is answered by `slow_down`.
    pub fn slow_down(&self) {
        self.server.control("slow-down", &[]);
    }

    /// The next token request is answered so, before the provider sees it.
    pub fn refuse(&self, status: u16, body: &str) {
        self.server.control("refuse", &[("status", &status.to_string()), ("body", body)]);
    }

    /// What was asked and answered so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.server.events(|event| Event {
            path: text(&event["path"]).unwrap_or_default(),
            grant: text(&event["grant_type"]).unwrap_or_default(),
            status: event["status"].as_u64().unwrap_or_default(),
            error: text(&event["error"]),
            at: event["at"].as_u64().unwrap_or_default(),
        })
    }

    /// How many token requests of this grant, such as `refresh_token`, were granted.
    #[must_use]
    pub fn granted(&self, grant: &str) -> usize {
        let is = |event: &&Event| event.grant == grant && event.status == 200;
        self.events().iter().filter(is).count()
    }

    /// How many token requests of this grant there were, whatever came of them.
    #[must_use]
    pub fn asked(&self, grant: &str) -> usize {
        self.events().iter().filter(|event| event.grant == grant).count()
    }

    /// How often the provider revoked all that came of one login.
    #[must_use]
    pub fn revocations(&self) -> usize {
        self.server.look("events", &[])["revocations"].as_array().map_or(0, Vec::len)
    }

    /// What the provider says of an opaque token (RFC 7662): whether it lives.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn is_active(&self, token: &str) -> bool {
        self.introspect(&[], format!("client_id={CLIENT}&token={token}"))
    }

    /// The same for a client with this secret, which it sends in a header.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn is_active_for(&self, token: &str, secret: &str) -> bool {
        let client = format!("{CLIENT}:{}", secret.replace(' ', "+"));
        let client = format!("Basic {}", BASE64_STANDARD.encode(client));
        self.introspect(&[("Authorization", &client)], format!("token={token}"))
    }

    /// Ends it at once.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Where the provider sends the browser, whose last page this is.
    fn sent_to(page: Page) -> String {
        assert_eq!(page.status, 0, "{page:?}");
        page.address.into()
    }

    fn device_page(&self, user_code: &str) -> String {
        format!("{}/device?user_code={user_code}", self.issuer())
    }

    fn introspect(&self, headers: &[(&str, &str)], form: String) -> bool {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        let answer = self.server.http().request("POST", "/token/introspection", &headers, form);
        http_client::json(&answer)["active"] == true
    }
}

impl Default for OidcProvider {
    fn default() -> Self {
        Self::new()
    }
}

fn described(settings: &Settings, port: u16) -> Value {
    let (secret, method) = settings.secret.clone().unzip();
    json!({
        "port": port,
        "interval": settings.interval,
        "rotate": settings.rotate,
        "secret": secret,
        "secret_method": method,
        "ttl": {
            "AccessToken": settings.access_token,
            "DeviceCode": settings.device_code,
            "Grant": 86_400,
            "IdToken": settings.id_token,
            "Interaction": 3_600,
            "RefreshToken": settings.refresh_token,
            "Session": 86_400,
        },
    })
}
