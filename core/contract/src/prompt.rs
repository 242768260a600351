//! The user's side of a sign-in.

use std::time::SystemTime;

use async_trait::async_trait;

/// The user in front of a sign-in.
#[async_trait]
pub trait Prompt: Send + Sync {
    /// Shows where to go and what to type there (RFC 8628, section 3.3), and returns at once: the
    /// backend polls then.
    async fn show(&self, code: &DeviceCode<'_>);

    /// Shows the page that a browser of this machine must go to (RFC 8252, section 4), opens it
    /// where the user would see that, and returns at once: the backend then waits for the browser.
    async fn browse(&self, page: &SignInPage<'_>);
}

/// The addresses and the code of a device login.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeviceCode<'a> {
    /// The address to go to.
    pub verification_uri: &'a str,
    /// The same with the code in it, for a QR code or a browser.
    pub verification_uri_complete: Option<&'a str>,
    /// The code to type there.
    pub user_code: &'a str,
    /// The time at which the code expires.
    pub expires_at: SystemTime,
}

impl<'a> DeviceCode<'a> {
    /// A code to type at an address.
    #[must_use]
    pub const fn new(
        verification_uri: &'a str,
        user_code: &'a str,
        expires_at: SystemTime,
    ) -> Self {
        Self { verification_uri, verification_uri_complete: None, user_code, expires_at }
    }

    /// Sets the address that has the code in it.
    #[must_use]
    pub fn with_complete_uri(self, uri: impl Into<Option<&'a str>>) -> Self {
        Self { verification_uri_complete: uri.into(), ..self }
    }
}

/// The page at which the user signs in with a browser on this machine.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SignInPage<'a> {
    /// The page's address, which holds no secret.
    pub address: &'a str,
    /// The port of this machine's loopback that the browser comes back to.
    pub port: u16,
    /// Until when the backend waits for the browser.
    pub expires_at: SystemTime,
}

impl<'a> SignInPage<'a> {
    /// A page from which the browser comes back to `port`.
    #[must_use]
    pub const fn new(address: &'a str, port: u16, expires_at: SystemTime) -> Self {
        Self { address, port, expires_at }
    }
}
