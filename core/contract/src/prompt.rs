//! What a login says to the human in front of it.

use std::time::SystemTime;

use async_trait::async_trait;

/// How a login speaks with the human in front of it.
#[async_trait]
pub trait Prompt: Send + Sync {
    /// Shows where to go and what to type there (RFC 8628, section 3.3), and returns at once: the
    /// backend polls meanwhile.
    async fn show(&self, code: &DeviceCode<'_>);

    /// Shows the page that a browser of this machine must go to (RFC 8252, section 4), opens it where
    /// somebody would see that, and returns at once: the backend waits for the browser meanwhile.
    async fn browse(&self, page: &SignInPage<'_>);
}

/// What a human needs for a device login.
#[derive(Clone, Copy, Debug)]
pub struct DeviceCode<'a> {
    /// Where to go.
    pub verification_uri: &'a str,
    /// The same with the code in it, for a QR code or a browser.
    pub verification_uri_complete: Option<&'a str>,
    /// What to type there.
    pub user_code: &'a str,
    /// When the code ends.
    pub expires_at: SystemTime,
}

/// Where a human signs in whose browser is on this machine.
#[derive(Clone, Copy, Debug)]
pub struct SignInPage<'a> {
    /// The page's address, which holds no secret.
    pub address: &'a str,
    /// The port of this machine's loopback that the browser comes back to.
    pub port: u16,
    /// Until when the browser is waited for.
    pub expires_at: SystemTime,
}
