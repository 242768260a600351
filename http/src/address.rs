//! Addresses that a secret may be sent to.

use std::fmt;

use url::{Host, Url};

/// An address that a secret may be sent to: one with `https`, or one on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Parses an address from the configuration or from a server.
    ///
    /// # Errors
    /// The reason why it is invalid, without a password that may be in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = url(text)?;
        // A `?` or `/` in a password begins a query or a path for URL parsers.
        let shown = |rest| if has_at(text) { rest } else { text };
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(format!(
                "`{}` is plain http, which would expose the token to the network; only loopback may use it",
                shown("http://…")
            )),
            _ => Err(format!("`{}` is not an `https` address", shown("…"))),
        }
    }

    /// Returns the whole address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Returns whether the server proves its identity.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns whether the server is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

/// Shows the address as messages do, without its query. Some servers have secrets there, and no
/// message needs it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().split(['?', '#']).next().unwrap_or_default())
    }
}

/// Parses an address with any scheme, and without a user.
///
/// # Errors
/// The reason why it is invalid, without a password that may be in it.
pub fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text);
    let has_user = match &url {
        Ok(url) if url.has_host() => {
            !url.username().is_empty() || url.password().is_some() || may_end_in_password(text)
        }
        // The part before one of these may be a password.
        _ => has_at(text),
    };
    if has_user {
        return Err(NO_USER.to_owned());
    }
    url.map_err(|error| format!("`{text}` is not an address: {error}"))
}

/// Returns whether the text after the host may be the rest of a password with a `?`, `#` or `/` in
/// it. `https://user:/password@host` is an address of the host `user` for the URL Standard.
fn may_end_in_password(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest.trim_start_matches(['/', '\\']));
    let (host, rest) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
    has_at(rest) && (host.ends_with(':') || rest.starts_with(['?', '#']))
}

/// Returns whether `text` contains an at sign, or a character that becomes one in a host.
fn has_at(text: &str) -> bool {
    text.contains(['@', '\u{fe6b}', '\u{ff20}'])
}

const NO_USER: &str = "an address must not contain a user or a password";

/// Returns whether `url` is on this machine. Of names, only `localhost` counts: no resolver can
/// redirect it.
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
    fn plain_http_address_is_loopback_only() {
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
    fn address_with_user_and_password_is_refused_without_showing_it() {
        for text in [
            "u:hunter2@i",
            "https://u:hunter2@i",
            "ftp://u:hunter2@i",
            "https://u:hunter2@",
            "//u:hunter2@i",
            "https:u:hunter2@i",
            "https:\\\\u:hunter2@i",
            "https://hunter2@i",
            "https://u:hunter2\u{ff20}i",
            "https://u:hunter2@i:99999",
            "https://u:/hunter2@i",
            "https://u:?hunter2@i",
            "https://u:#hunter2\u{ff20}i",
            "https:u:\\hunter2@i",
            "https://hunter?2@i",
        ] {
            assert_eq!(Address::parse(text), Err(NO_USER.to_owned()), "{text}");
        }
        assert!(Address::parse("https://i/@hunter2?a@b").is_ok());
    }

    #[test]
    fn address_password_in_path_or_query_is_not_shown() {
        for text in [
            "httpx://u:?hunter2@i",
            "httpx://u:1/hunter2@i",
            "http://u:/hunter2@i",
            "http://u:1?hunter2@i",
            "http://u?hunter2\u{ff20}i",
        ] {
            let why = Address::parse(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn url_query_is_not_shown_in_messages() {
        let shown = |text| Address::parse(text).unwrap().to_string();
        assert_eq!(shown("https://i/token?p=b2c#x"), "https://i/token");
    }
}
