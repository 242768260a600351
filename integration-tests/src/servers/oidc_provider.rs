//! An identity provider, `oidc-provider`, with its user.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::browser::Page;
use super::controlled_server::{ControlledServer, text};
use super::{http_client, sign_in_pages};

/// The public client that every provider knows.
pub const CLIENT: &str = "helper";

/// The user who signs in.
pub const ACCOUNT: &str = "ada";

/// A provider. Its methods block: call them outside an async runtime, or in a thread of their own.
#[derive(Debug)]
pub struct OidcProvider {
    server: ControlledServer,
}

/// The settings of a provider. Lifetimes are in seconds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The lifetime of access tokens.
    pub access_token: u32,
    /// The lifetime of device codes.
    pub device_code: u32,
    /// The lifetime of ID tokens.
    pub id_token: u32,
    /// The interval between two polls, if the provider names one.
    pub interval: Option<u32>,
    /// The lifetime of refresh tokens.
    pub refresh_token: u32,
    /// Refresh tokens are rotated.
    pub rotate: bool,
    /// The secret of the client and its authentication method: `client_secret_basic`,
    /// `client_secret_post` or `client_secret_jwt`. A client with a secret may also use the client
    /// credentials grant.
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
    /// The path, such as `/token`.
    pub path: String,
    /// The grant of a request to `/token`, such as `authorization_code` or `refresh_token`.
    pub grant: String,
    /// The status of the response.
    pub status: u64,
    /// The error code, such as `authorization_pending`.
    pub error: Option<String>,
    /// The time, in milliseconds.
    pub at: u64,
}

impl OidcProvider {
    /// Starts a provider with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Settings::default())
    }

    /// Starts a provider with these settings.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn with(settings: &Settings) -> Self {
        Self {
            server: ControlledServer::start("oidc-provider.mjs", |port| described(settings, port)),
        }
    }

    /// Returns the address, which is also the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.server.http().address()
    }

    /// Signs in as [`ACCOUNT`] and approves.
    ///
    /// # Panics
    /// The provider does not allow it.
    pub fn approve(&self, user_code: &str) {
        let page = sign_in_pages::approve(&self.device_page(user_code));
        assert!(page.status == 200 && page.html.contains("Success"), "{page:?}");
    }

    /// Rejects the request, as the user does.
    pub fn deny(&self, user_code: &str) {
        sign_in_pages::deny(&self.device_page(user_code));
    }

    /// Signs in as [`ACCOUNT`] on the page at `address`, and approves. Returns the address to which
    /// the provider redirects the browser, which does not follow.
    ///
    /// # Panics
    /// The provider does not redirect.
    #[must_use]
    pub fn authorize(&self, address: &str) -> String {
        Self::sent_to(sign_in_pages::approve(address))
    }

    /// Rejects the request on the page at `address`. Returns the address to which the provider
    /// redirects the browser.
    ///
    /// # Panics
    /// The provider does not redirect.
    #[must_use]
    pub fn decline(&self, address: &str) -> String {
        Self::sent_to(sign_in_pages::decline(address))
    }

    /// Revokes all logins with their refresh tokens, as an administrator does.
    pub fn revoke(&self) {
        self.server.control("revoke", &[]);
    }

    /// Answers the next poll by `slow_down`.
    pub fn slow_down(&self) {
        self.server.control("slow-down", &[]);
    }

    /// Answers the next token request with this response, before the provider sees it.
    pub fn refuse(&self, status: u16, body: &str) {
        self.server.control("refuse", &[("status", &status.to_string()), ("body", body)]);
    }

    /// Returns the requests so far, in order, with their results.
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

    /// Returns the number of granted token requests of this grant, such as `refresh_token`.
    #[must_use]
    pub fn granted(&self, grant: &str) -> usize {
        let is = |event: &&Event| event.grant == grant && event.status == 200;
        self.events().iter().filter(is).count()
    }

    /// Returns the number of token requests of this grant, granted or not.
    #[must_use]
    pub fn asked(&self, grant: &str) -> usize {
        self.events().iter().filter(|event| event.grant == grant).count()
    }

    /// Returns the number of logins that the provider has revoked.
    #[must_use]
    pub fn revocations(&self) -> usize {
        self.server.look("events", &[])["revocations"].as_array().map_or(0, Vec::len)
    }

    /// Returns whether the provider reports an opaque token as active (RFC 7662).
    ///
    /// # Panics
    /// There is no response.
    #[must_use]
    pub fn is_active(&self, token: &str) -> bool {
        self.introspect(&[], format!("client_id={CLIENT}&token={token}"))
    }

    /// Returns the same for a client that sends this secret in a header.
    ///
    /// # Panics
    /// There is no response.
    #[must_use]
    pub fn is_active_for(&self, token: &str, secret: &str) -> bool {
        let client = format!("{CLIENT}:{}", secret.replace(' ', "+"));
        let client = format!("Basic {}", BASE64_STANDARD.encode(client));
        self.introspect(&[("Authorization", &client)], format!("token={token}"))
    }

    /// Kills the provider.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Returns the address to which the provider redirects the browser, after this last page.
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
