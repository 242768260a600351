//! Where a secret may travel.

use std::fmt;

use url::{Host, Url};

/// An address that a secret may be sent to: one with `https`, or one on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address as it is configured, or as a server writes it.
    ///
    /// # Errors
    /// What is wrong with it, in words that show no password.
    pub fn parse(text: &str) -> Result<Self, String> {
        // What stands before an `@` may be a password.
        let shown = if text.contains('@') { "that".to_owned() } else { format!("`{text}`") };
        let url =
            Url::parse(text).map_err(|error| format!("{shown} is not an address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address holds no user and no password".to_owned());
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(format!(
                "{shown} is plain http, and so the network would see the token; only loopback may be"
            )),
            _ => Err(format!("{shown} is not an `https` address")),
        }
    }

    /// All of it.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether the server proves who it is.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

/// As messages show it. Without a query: some servers are told apart by one, and no message needs it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().split(['?', '#']).next().unwrap_or_default())
    }
}

/// Whether `url` is on this machine. A name counts only where no resolver can say otherwise.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
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
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "login.example.com",
            "login.example.com:8200",
            "ftp://login.example.com",
            "unix:///run/server.sock",
            "https://user:pass@login.example.com",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        for text in
            ["https://u:hunter2@i", "ftp://u:hunter2@i", "https://u:hunter2@", "u:hunter2@i"]
        {
            assert!(!Address::parse(text).unwrap_err().contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_message_shows_no_query() {
        let shown = |text| Address::parse(text).unwrap().to_string();
        assert_eq!(shown("https://i/token?p=b2c#x"), "https://i/token");
    }
}
