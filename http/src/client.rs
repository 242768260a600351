//! What sends requests.

use std::time::Duration;

use api_key_helper_core::Error;
use reqwest::{Client, ClientBuilder, redirect};

use crate::{Address, cause};

/// A client for `address`, to which a backend adds its own settings. It follows no redirect, for a
/// secret goes only where it was sent.
pub fn client(address: &Address) -> ClientBuilder {
    let mut builder = Client::builder()
        .user_agent(concat!("api-key-helper/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none());
    // As Go's client does: what is on this machine is not asked through a proxy.
    if address.is_loopback() {
        builder = builder.no_proxy();
    }
    // No roots are read that nothing is checked against.
    if !address.is_https() {
        builder = builder.tls_certs_only([]);
    }
    builder
}

/// The client, once all settings are there. What fails here is TLS's: `hint` names its settings.
///
/// # Errors
/// Misconfigured, when they cannot be used.
pub fn build(builder: ClientBuilder, hint: &str) -> Result<Client, Error> {
    builder.build().map_err(|error| {
        Error::misconfigured(format!("the TLS settings cannot be used: {}", cause(&error)))
            .with_hint(hint)
    })
}

/// How much of the time that is left a request may take: a little is kept, so that the attempt ends
/// with our error and not in the middle, and what there is to keep is kept.
#[must_use]
pub fn time(left: Duration) -> Duration {
    left - (left / 10).min(RESERVE)
}

const RESERVE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_time_is_kept() {
        for (left, request) in [(10_000, 9_800), (1_000, 900), (0, 0)] {
            assert_eq!(time(Duration::from_millis(left)), Duration::from_millis(request));
        }
    }
}
