//! The address of a server, where its token may travel, and the paths that may follow it.

use std::fmt;

use api_key_helper_http as http;
use url::Url;

/// The address of a server: a scheme, a host, perhaps a port and the path of a reverse proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(http::Address);

impl Address {
    /// Reads an address as it is written in `address` or `VAULT_ADDR`. An error says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let address = http::Address::parse(text)?;
        if address.url().query().is_some() || address.url().fragment().is_some() {
            // Without the text: a password with a `?` in it reads as a query.
            return Err("it has a query or a fragment".to_owned());
        }
        Ok(Self(address))
    }

    /// The address of `target` (a path and perhaps a query) in version 1 of the API.
    pub(crate) fn join(&self, target: &str) -> Url {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut url = self.url().clone();
        let path = format!(
            "{}/v1/{}",
            self.url().path().trim_end_matches('/'),
            path.trim_start_matches('/')
        );
        url.set_path(&path);
        url.set_query(query);
        url
    }

    fn url(&self) -> &Url {
        self.0.url()
    }

    /// The host as a resolver takes it: an IPv6 address without its brackets.
    pub(crate) fn bare_host(&self) -> &str {
        self.url().host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether `url` has this scheme, host and port.
    pub(crate) fn is_place_of(&self, url: &Url) -> bool {
        self.url().origin() == url.origin()
    }
}

impl AsRef<http::Address> for Address {
    fn as_ref(&self) -> &http::Address {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url().as_str().trim_end_matches('/'))
    }
}

/// Where a redirect from `from` to `location` leads, if the token may travel there: to the same
/// host, or to an address of the list, and never from https to http. An error is the place it does
/// not go.
pub(crate) fn redirect(from: &Url, location: &str, listed: &[Address]) -> Result<Url, String> {
    let to = from.join(location).map_err(|_| "nowhere".to_owned())?;
    let named = format!("{}://{}", to.scheme(), authority(&to));
    let safe = match to.scheme() {
        "https" => true,
        "http" => from.scheme() == "http" && http::is_loopback(&to),
        _ => false,
    };
    let known = to.host() == from.host() || listed.iter().any(|address| address.is_place_of(&to));
    if safe && known && to.username().is_empty() && to.password().is_none() {
        Ok(to)
    } else {
        Err(named)
    }
}

/// Host and port, as the `Host` header has them.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `text` as the path of a mount, a secret or a user: without outer slashes, and without parts that
/// an address would swallow.
pub(crate) fn clean_path(text: &str) -> Result<String, String> {
    let path = text.trim_matches('/');
    let bad = |part: &str| matches!(part, "" | "." | "..") || part.chars().any(char::is_control);
    if path.split('/').any(bad) {
        return Err(format!("`{text}` is not a path"));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_address_with_query_or_password_is_refused() {
        for good in ["https://vault.example.com", "http://127.0.0.1:8200/eu", "http://[::1]:8200"] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://vault.example.com",
            "https://vault.example.com?x=1",
            "https://vault.example.com#x",
            "https://u:1?hunter2@vault.example.com",
        ] {
            let why = Address::parse(bad).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn vault_address_path_prefix_is_kept() {
        let join = |address| Address::parse(address).unwrap().join("/secret/data/a?version=2");
        assert_eq!(join("https://v").as_str(), "https://v/v1/secret/data/a?version=2");
        assert_eq!(join("https://v/eu/").as_str(), "https://v/eu/v1/secret/data/a?version=2");
    }

    #[test]
    fn vault_redirect_is_followed_only_to_the_same_or_a_listed_host() {
        let listed = [Address::parse("https://b.example.com:8200").unwrap()];
        let from = Url::parse("https://a.example.com:8200/v1/secret/data/a").unwrap();
        for good in [
            "/v1/other",
            "https://a.example.com/v1/x",
            "https://A.example.com:8300/v1/x",
            "https://b.example.com:8200/v1/x",
        ] {
            assert!(redirect(&from, good, &listed).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example.com:8200/v1/x",
            "https://b.example.com/v1/x",
            "http://b.example.com:8200/v1/x",
            "https://evil.example.com/v1/x",
            "//evil.example.com/v1/x",
            "https://a.example.com.evil.example.com/",
            "https://u:p@a.example.com/v1/x",
            "file:///etc/passwd",
        ] {
            assert!(redirect(&from, bad, &listed).is_err(), "{bad}");
        }
        let plain = Url::parse("http://127.0.0.1:8200/v1/a").unwrap();
        assert!(redirect(&plain, "http://127.0.0.1:8300/v1/a", &[]).is_ok());
        assert!(redirect(&plain, "http://192.0.2.1/v1/a", &[]).is_err());
    }
}
