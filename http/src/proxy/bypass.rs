//! The servers that are reached without a proxy.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

/// The entries of `NO_PROXY`, by the rules of curl and Go
/// (`<https://pkg.go.dev/golang.org/x/net/http/httpproxy>`). An invalid entry matches nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Bypass(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    hosts: Hosts,
    /// `None` means every port.
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Hosts {
    Every,
    Network(IpNet),
    /// A domain and its subdomains.
    Domain(String),
    /// The subdomains of a domain.
    Below(String),
}

impl Bypass {
    /// Parses the list. Go separates entries by commas; curl also by spaces.
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty());
        Self(entries.map(Entry::parse).collect())
    }

    /// Returns whether the list contains the server at `url`.
    pub(super) fn covers(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let Some(host) = url.host() else { return false };
        let covers = |entry: &Entry| {
            entry.port.is_none_or(|only| port == Some(only)) && entry.hosts.covers(&host)
        };
        self.0.iter().any(covers)
    }
}

impl Entry {
    fn parse(text: &str) -> Self {
        let (host, port) = match text.rsplit_once(':') {
            // In an IPv6 address without brackets, no colon precedes a port.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse().ok())
            }
            _ => (text, None),
        };
        // With an invalid port, the entry is a name that no host has.
        let host = if host == text || port.is_some() { host } else { text };
        Self { hosts: Hosts::parse(host), port }
    }
}

impl Hosts {
    fn parse(text: &str) -> Self {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if text == "*" {
            Self::Every
        } else if let Ok(network) = bare.parse::<IpNet>() {
            Self::Network(network)
        } else if let Ok(address) = bare.parse::<IpAddr>() {
            Self::Network(address.into())
        } else if let Some(domain) = text.strip_prefix("*.") {
            Self::Below(name(domain))
        } else {
            Self::Domain(name(text.trim_start_matches('.')))
        }
    }

    fn covers(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Every, _) => true,
            (Self::Network(network), Host::Ipv4(address)) => {
                network.contains(&IpAddr::V4(*address))
            }
            (Self::Network(network), Host::Ipv6(address)) => {
                network.contains(&address.to_canonical()) || network.contains(&IpAddr::V6(*address))
            }
            (Self::Domain(domain), Host::Domain(host)) => {
                let host = host.trim_end_matches('.');
                host == domain || is_below(host, domain)
            }
            (Self::Below(domain), Host::Domain(host)) => {
                is_below(host.trim_end_matches('.'), domain)
            }
            _ => false,
        }
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    !domain.is_empty()
        && host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// Returns a name in the spelling of a [`Url`]'s host: in lower case, and in ASCII.
fn name(text: &str) -> String {
    let text = text.trim_end_matches('.');
    match Host::parse(text) {
        Ok(Host::Domain(name)) => name,
        _ => text.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(list: &str, address: &str) -> bool {
        Bypass::parse(list).covers(&Url::parse(address).unwrap())
    }

    #[test]
    fn no_proxy_covers_the_hosts_that_curl_and_go_bypass() {
        for (list, address) in [
            ("vault.corp.example", "https://vault.corp.example:9"),
            ("corp.example", "https://vault.corp.example"),
            ("corp.example", "https://corp.example"),
            (".corp.example", "https://vault.corp.example:9"),
            (".corp.example", "https://corp.example"),
            ("*.corp.example", "https://vault.corp.example:9"),
            ("*.corp.example", "https://a.b.corp.example"),
            ("vault.corp.example:9", "https://vault.corp.example:9"),
            ("vault.corp.example:443", "https://vault.corp.example"),
            ("*.corp.example:9", "https://vault.corp.example:9"),
            (".corp.example:9", "https://vault.corp.example:9"),
            ("VAULT.Corp.Example.", "https://vault.corp.example"),
            ("vault.corp.example", "https://Vault.corp.example."),
            ("a.example , corp.example", "https://vault.corp.example"),
            ("a.example corp.example", "https://vault.corp.example"),
            (",,corp.example,", "https://vault.corp.example"),
            ("*", "https://vault.corp.example"),
            ("a.example,*", "https://10.0.0.1"),
            ("10.0.0.1", "https://10.0.0.1:8200"),
            ("10.0.0.1:8200", "https://10.0.0.1:8200"),
            ("10.0.0.0/8", "https://10.1.2.3"),
            ("fd00::1", "https://[fd00::1]"),
            ("[fd00::1]", "https://[fd00::1]:8200"),
            ("[fd00::1]:8200", "https://[fd00::1]:8200"),
            ("fd00::/8", "https://[fd12::1]"),
            ("10.0.0.1", "https://[::ffff:10.0.0.1]"),
            ("b\u{fc}cher.example", "https://b\u{fc}cher.example"),
        ] {
            assert!(covers(list, address), "{list} {address}");
        }
    }

    #[test]
    fn no_proxy_leaves_other_hosts_to_the_proxy() {
        for (list, address) in [
            ("", "https://vault.corp.example"),
            (",", "https://vault.corp.example"),
            (".", "https://vault.corp.example"),
            ("vault.corp.example:10", "https://vault.corp.example:9"),
            ("vault.corp.example:9", "https://vault.corp.example"),
            ("vault.corp.example:x", "https://vault.corp.example"),
            ("*.corp.example:9", "https://vault.corp.example"),
            ("*.corp.example", "https://corp.example"),
            ("corp.example", "https://notcorp.example"),
            ("vault.corp.example", "https://corp.example"),
            ("*corp.example", "https://vault.corp.example"),
            ("corp", "https://vault.corp.example"),
            ("10.0.0.1", "https://10.0.0.10"),
            ("10.0.0.1:8200", "https://10.0.0.1"),
            ("10.0.0.0/8", "https://11.0.0.1"),
            ("10.0.0.0/99", "https://10.0.0.1"),
            ("fd00::1", "https://[fd00::2]"),
            ("[fd00::1]:8200", "https://[fd00::1]"),
        ] {
            assert!(!covers(list, address), "{list} {address}");
        }
    }
}
