//! An address that secrets may be sent to.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An address with `https`, or one on loopback.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// Reads an address as it is configured, or as a provider writes it. An error says what is wrong
    /// with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url =
            Url::parse(text).map_err(|error| format!("`{text}` is not an address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address holds no user and no password".to_owned());
        }
        let endpoint = Self(url);
        match endpoint.0.scheme() {
            "https" => Ok(endpoint),
            "http" if endpoint.is_loopback() => Ok(endpoint),
            "http" => Err(format!(
                "`{text}` is plain http, and so the network would see the tokens; only loopback may be"
            )),
            _ => Err(format!("`{text}` is not an `https` address")),
        }
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
}

/// Without a query: some providers are told apart by one, and no message needs it.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().split(['?', '#']).next().unwrap_or_default())
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_loopback_only() {
        for good in [
            "https://login.example.com/token?p=b2c",
            "http://127.0.0.1:3000/token",
            "http://[::1]:3000",
            "http://localhost/token",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "login.example.com",
            "ftp://login.example.com",
            "https://user:pass@login.example.com",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
        assert!(!Endpoint::parse("https://u:hunter2@i").unwrap_err().contains("hunter2"));
    }
}
