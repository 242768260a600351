//! Where a provider sends the browser back to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use api_key_helper_http as http;

/// An address on loopback (RFC 8252, section 7.3). It is sent as it is written, for providers
/// compare it letter by letter with the one that is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    host: Host,
    /// None leaves it to the operating system.
    port: Option<u16>,
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Ipv4,
    Ipv6,
    Name,
}

impl RedirectUri {
    /// Reads an address as it is configured. An error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        http::url(text)?;
        let rest = text.strip_prefix("http://").ok_or_else(|| {
            format!(
                "`{text}` is not an `http` address: no authority certifies a port of this machine"
            )
        })?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = Host::ALL
            .into_iter()
            .find_map(|host| Some((host, authority.strip_prefix(host.name())?)))
            .filter(|(_, port)| port.is_empty() || port.starts_with(':'))
            .ok_or_else(|| format!("`{text}` is not at `127.0.0.1`, `[::1]` or `localhost`"))?;
        let port = match port.strip_prefix(':') {
            None => None,
            Some(port) => match port.parse() {
                Ok(0) | Err(_) => return Err(format!("`{port}` is no port")),
                Ok(port) => Some(port),
            },
        };
        if !path.chars().all(|c| c.is_ascii_graphic() && c != '?' && c != '#') {
            return Err("it has a query, a fragment, or what must be percent-encoded".to_owned());
        }
        Ok(Self { host, port, path: path.to_owned() })
    }

    /// The port that it names.
    pub(crate) const fn port(&self) -> Option<u16> {
        self.port
    }

    /// With `port`, where it names none: what the provider is told.
    pub(crate) fn at(&self, port: u16) -> String {
        format!("http://{}:{}{}", self.host.name(), self.port.unwrap_or(port), self.path)
    }

    /// What a browser asks for that was sent there.
    pub(crate) fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// Where to listen. A browser may try either address of the name; the second one may be
    /// missing.
    pub(crate) const fn addresses(&self) -> &'static [IpAddr] {
        match self.host {
            Host::Ipv4 => &[IPV4],
            Host::Ipv6 => &[IPV6],
            Host::Name => &[IPV4, IPV6],
        }
    }
}

impl Default for RedirectUri {
    fn default() -> Self {
        Self { host: Host::Ipv4, port: None, path: "/callback".to_owned() }
    }
}

impl Host {
    const ALL: [Self; 3] = [Self::Ipv4, Self::Ipv6, Self::Name];

    const fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "127.0.0.1",
            Self::Ipv6 => "[::1]",
            Self::Name => "localhost",
        }
    }
}

const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const IPV6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uri_is_sent_as_written() {
        for (written, sent, path) in [
            ("http://127.0.0.1", "http://127.0.0.1:4711", "/"),
            ("http://localhost/", "http://localhost:4711/", "/"),
            ("http://localhost:8400/callback", "http://localhost:8400/callback", "/callback"),
            ("http://[::1]/a%20b", "http://[::1]:4711/a%20b", "/a%20b"),
            ("http://127.0.0.1:80", "http://127.0.0.1:80", "/"),
        ] {
            let parsed = RedirectUri::parse(written).unwrap();
            assert_eq!((&*parsed.at(4711), parsed.path()), (sent, path));
        }
        assert_eq!(RedirectUri::default().at(4711), "http://127.0.0.1:4711/callback");
    }

    #[test]
    fn redirect_uri_must_be_loopback() {
        for text in ["http://127.0.0.1", "http://localhost:8400/callback", "http://[::1]:8400"] {
            let parsed = RedirectUri::parse(text).unwrap();
            assert!(parsed.addresses().iter().all(IpAddr::is_loopback), "{text}");
        }
        for text in [
            "",
            "https://127.0.0.1/",
            "http://0.0.0.0/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://user@localhost/",
            "http://user:hunter2@localhost/",
            "https://user:hunter2@localhost/",
            "http://LOCALHOST/",
            "http://localhost:0/",
            "http://localhost:65536/",
            "http://localhost:/",
            "http://localhost/?a=b",
            "http://localhost/#a",
            "http://localhost/a b",
            "http://localhost?a",
            "myapp://callback",
        ] {
            let error = RedirectUri::parse(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{text}: {error}");
        }
    }
}
