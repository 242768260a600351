//! Where a client sends a key.

use std::fmt;

use serde::Deserialize;

/// A server: scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub struct Origin {
    scheme: String,
    authority: String,
}

impl Origin {
    /// That of a URL, which may be one of Cargo's (`sparse+https://...`); `None` where it has none, or
    /// where programs disagree about which it is.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        if !url.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.rsplit_once('+').map_or(scheme, |(_, scheme)| scheme);
        // Browsers, and Cargo with them, take a backslash for a slash.
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Self::new(scheme, host)
    }

    /// The server at `host`, which may have a port.
    #[must_use]
    pub fn new(scheme: &str, host: &str) -> Option<Self> {
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if scheme.is_empty() || !scheme.chars().all(is_scheme) {
            return None;
        }
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
        // The colons of an IPv6 address stand in brackets (RFC 3986, section 3.2.2).
        let name_end = host.find(']').map_or_else(|| host.find(':'), |end| Some(end + 1));
        let (name, port) = host.split_at(name_end.unwrap_or(host.len()));
        let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(address) => address.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.'),
            None => name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
        };
        let is_port = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        if name.is_empty() || !is_name || !is_port {
            return None;
        }
        let is_default = matches!((&*scheme, port), ("http", ":80") | ("https", ":443"));
        Some(Self { authority: if is_default { name.to_owned() } else { host }, scheme })
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // What follows the server would look as if it counted.
        let origin = text
            .split_once("://")
            .filter(|(scheme, _)| !scheme.contains('+'))
            .and_then(|(scheme, host)| Self::new(scheme, host.strip_suffix('/').unwrap_or(host)));
        origin.ok_or_else(|| {
            "a server is written `https://git.example.com`, with its port and without a path"
                .to_owned()
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<String> {
        Origin::of(url).map(|origin| origin.to_string())
    }

    #[test]
    fn of_what_clients_say() {
        let git = || Some("https://git.example.com".to_owned());
        assert_eq!(of("https://git.example.com/a/b.git"), git());
        assert_eq!(of("HTTPS://me:x@Git.Example.COM:443?q"), git());
        assert_eq!(of("sparse+https://git.example.com/index/"), git());
        assert_eq!(of("http://[::1]:8080/"), Some("http://[::1]:8080".to_owned()));
        assert_eq!(of("http://a:443"), Some("http://a:443".to_owned()));
    }

    #[test]
    fn a_url_that_programs_read_differently_leads_to_no_other_server() {
        assert_eq!(
            of(r"https://evil.example\@git.example.com"),
            Some("https://evil.example".to_owned())
        );
        assert_eq!(
            of("https://evil.example#@git.example.com"),
            Some("https://evil.example".to_owned())
        );
        for url in [
            "",
            "https://",
            "git.example.com",
            "https://a b/",
            "https://git\t.example.com",
            "://a",
            "https://:443",
            "http://a:80:80",
            "http://a:b",
            "http://[::1",
            "http://a]",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
    }

    #[test]
    fn a_host_that_is_no_name_is_no_server() {
        // `a]b` has what stands where a port begins; `a]\u{388}` has it in the middle of a letter.
        for host in ["a]\u{388}", "\u{388}:1", "[::1]80", "[::1]x80", "a:", "a]b", "]", "["] {
            assert_eq!(Origin::new("https", host), None, "{host}");
        }
    }

    #[test]
    fn is_written_without_a_path() {
        for good in ["https://git.example.com", "https://git.example.com/", "http://127.0.0.1:80"] {
            assert!(Origin::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in
            ["git.example.com", "https://a/b", "https://me@a", "sparse+https://a", "https://a?b"]
        {
            assert!(Origin::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
