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
    /// The reason why it is invalid, in words that show no password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = url(text)?;
        // A password with a `?` or `/` in it begins a query or a path for those who read addresses.
        let shown = |rest| if has_at(text) { rest } else { text };
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(format!(
                "`{}` is plain http, and so the network would see the token; only loopback may be",
                shown("http://…")
            )),
            _ => Err(format!("`{}` is not an `https` address", shown("…"))),
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

/// As messages show it. Without a query: some servers are told apart by one, and no message needs
/// it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().split(['?', '#']).next().unwrap_or_default())
    }
}

/// Reads an address that may have any scheme, and no user.
///
/// # Errors
/// The reason why it is invalid, in words that show no password.
pub fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text);
    let has_user = match &url {
        Ok(url) if url.has_host() => {
            !url.username().is_empty() || url.password().is_some() || may_end_in_password(text)
        }
        // What stands before one of these may be a password.
        _ => has_at(text),
    };
    if has_user {
        return Err(NO_USER.to_owned());
    }
    url.map_err(|error| format!("`{text}` is not an address: {error}"))
}

/// Returns whether what follows the host of `text` may be the rest of a password, which begins with
/// a `?`, `#` or `/`: `https://user:/password@host` is an address of the host `user` for the URL
/// Standard.
fn may_end_in_password(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest.trim_start_matches(['/', '\\']));
    let (host, rest) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
    has_at(rest) && (host.ends_with(':') || rest.starts_with(['?', '#']))
}

/// Returns whether there is an at sign in `text`, or what becomes one in a host.
fn has_at(text: &str) -> bool {
    text.contains(['@', '\u{fe6b}', '\u{ff20}'])
}

const NO_USER: &str = "an address holds no user and no password";

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
