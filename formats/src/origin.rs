//! Servers, as a configuration and a client name them.

use std::fmt;

use serde::Deserialize;
use url::{Host, Position, Url};

/// A server: the scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub struct Origin {
    scheme: String,
    authority: String,
}

impl Origin {
    /// Returns the server of a URL, which may be one of Cargo's (`sparse+https://...`); `None`
    /// where it has none, or where programs could disagree about it.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, _) = url.split_once("://")?;
        let start = scheme.rfind('+').map_or(0, |plus| plus + 1);
        Self::at_start_of(url.get(start..)?).map(|(_, origin, _)| origin)
    }

    /// Returns the server at `host`, which may contain a port.
    #[must_use]
    pub fn new(scheme: &str, host: &str) -> Option<Self> {
        let text = format!("{scheme}://{host}");
        let (user, origin, rest) = Self::at_start_of(&text)?;
        (user.is_empty() && rest.is_empty()).then_some(origin)
    }

    /// Returns the user, the server, and the path or query that follow. `url` finds the server, by
    /// the URL Standard. Where it changes the spelling to do so, other programs may connect
    /// elsewhere.
    fn at_start_of(text: &str) -> Option<(&str, Self, &str)> {
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        match url.host()? {
            Host::Domain(name) if name.is_empty() || !name.chars().all(is_plain) => return None,
            Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => {}
        }
        let server = &url[..Position::AfterHost];
        if !text.get(..server.len())?.eq_ignore_ascii_case(server) {
            return None;
        }
        let user = &text[url[..Position::BeforeUsername].len()..url[..Position::BeforeHost].len()];
        let rest = &text[server.len()..];
        // Browsers and Cargo treat a backslash as a slash.
        let (port, rest) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
        let parsed = url.port_or_known_default().map(|number| format!(":{number}"));
        if !port.is_empty() && parsed.as_deref() != Some(port) {
            return None;
        }
        // The default port of a scheme is left out.
        let authority = url[Position::BeforeHost..Position::AfterPort].to_ascii_lowercase();
        Some((user, Self { scheme: url.scheme().to_owned(), authority }, rest))
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // Text after the server would look as if it mattered.
        let origin = text
            .split_once("://")
            .filter(|(scheme, _)| !scheme.contains('+'))
            .and_then(|(scheme, host)| Self::new(scheme, host.strip_suffix('/').unwrap_or(host)));
        origin.ok_or_else(|| refusal(&text))
    }
}

/// Returns why `text` is not a server, and what to write instead.
fn refusal(text: &str) -> String {
    // The part before an at sign may be a password. The other two become an at sign in a host.
    if let Some((_, server)) = text.rsplit_once(['@', '\u{fe6b}', '\u{ff20}']) {
        return format!("a server has no user name: remove the part before `@{server}`");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return format!("`{text}` has no scheme: write a server such as `https://git.example.com`");
    };
    let (host, path) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
    if scheme.contains('+') {
        let (_, scheme) = scheme.rsplit_once('+').unwrap_or(("", scheme));
        format!("`{text}` is a Cargo registry: write its server, `{scheme}://{host}`")
    } else if host.contains('*') {
        format!("`{text}` has a wildcard: write the full name of each server")
    } else if !host.is_ascii() {
        format!("`{text}` is not ASCII: write the `xn--` name of the host")
    } else if !path.trim_start_matches('/').is_empty() {
        format!("`{text}` has a path: write only the server, `{scheme}://{host}`")
    } else {
        format!(
            "`{text}` is not a server: write one such as `https://git.example.com`, with its port and \
             without a path"
        )
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
    fn origin_is_read_from_client_urls() {
        let git = || Some("https://git.example.com".to_owned());
        assert_eq!(of("https://git.example.com/a/b.git"), git());
        assert_eq!(of("HTTPS://me:x@Git.Example.COM:443?q"), git());
        assert_eq!(of("sparse+https://git.example.com/index/"), git());
        assert_eq!(of("http://[::1]:8080/"), Some("http://[::1]:8080".to_owned()));
        assert_eq!(of("http://a:443"), Some("http://a:443".to_owned()));
    }

    #[test]
    fn ambiguous_url_gives_no_other_origin() {
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

    /// Before `url` parsed them, these counted as separate servers, which no client meant.
    #[test]
    fn host_in_an_unusual_spelling_has_no_origin() {
        for url in [
            "http://0x7f.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://1.2.3.4.5/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0::1]/",
            "http://[1:2:3]/",
            "http://[::1%25eth0]/",
            "https://a:65536/",
            "https://a:0443/",
            "https://xn--a/",
            "https://@git.example.com/",
            "https://me@you@git.example.com/",
            "1https://git.example.com/",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
        for url in [
            // By itself, `url` would take these for `https://git.example.com`.
            "https:///git.example.com/",
            "https:\\\\git.example.com/",
            "https:git.example.com://",
            "https://git.example.com:/",
            "https://git%2eexample.com/",
            "https://git.example.com%2f/",
            "https://gi\u{ad}t.example.com/",
            // A backslash is part of the user name for `url`, and a slash for browsers.
            "git://evil.example\\@git.example.com/",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
    }

    #[test]
    fn origin_leaves_out_the_default_port() {
        assert_eq!(of("ftp://a:21/"), Some("ftp://a".to_owned()));
        assert_eq!(of("wss://a:443/"), Some("wss://a".to_owned()));
        assert_eq!(of("smtp://Mail.Example.com:587"), Some("smtp://mail.example.com:587".into()));
        assert_eq!(of("git://a"), Some("git://a".to_owned()));
    }

    #[test]
    fn origin_takes_scheme_and_host_only() {
        assert!(Origin::new("HTTPS", "Git.Example.com:443").is_some());
        for (scheme, host) in [
            ("https", "git.example.com/"),
            ("https", "git.example.com?a"),
            ("https", "git.example.com#a"),
            ("https", "git.example.com\\"),
            ("https", "me@git.example.com"),
            ("https", "me:x@git.example.com"),
            ("https", "/git.example.com"),
            ("https://evil.example?", "git.example.com"),
            ("https://evil.example", "git.example.com"),
            ("https:", "git.example.com"),
            ("", "git.example.com"),
            ("file", ""),
        ] {
            assert_eq!(Origin::new(scheme, host), None, "{scheme} {host}");
        }
    }

    #[test]
    fn invalid_host_has_no_origin() {
        // `a]b` has a character where a port begins; `a]\u{388}` has one across that position.
        for host in ["a]\u{388}", "\u{388}:1", "[::1]80", "[::1]x80", "a:", "a]b", "]", "["] {
            assert_eq!(Origin::new("https", host), None, "{host}");
        }
    }

    #[test]
    fn invalid_send_to_entry_is_named_with_the_reason() {
        for good in ["https://git.example.com", "https://git.example.com/", "http://127.0.0.1:80"] {
            assert!(Origin::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for (bad, says) in [
            ("git.example.com", "`git.example.com` has no scheme"),
            ("https://a/b", "has a path: write only the server, `https://a`"),
            ("https://a//", "`https://a//` is not a server"),
            ("https://a?b", "has a path: write only the server, `https://a`"),
            (
                "https://b\u{fc}cher.example",
                "`https://b\u{fc}cher.example` is not ASCII: write the `xn--` name of the host",
            ),
            ("https://b\u{fc}cher.example/x", "`xn--` name"),
            ("https://*.example.com", "`https://*.example.com` has a wildcard"),
            (
                "https://me@git.example.com",
                "has no user name: remove the part before `@git.example.com`",
            ),
            ("me:hunter2@git.example.com", "before `@git.example.com`"),
            ("https://me:hunter2@b\u{fc}cher.example/x", "before `@b\u{fc}cher.example/x`"),
            ("https://me:hunter2\u{ff20}a", "remove the part before `@a`"),
            ("sparse+https://a/index/", "write its server, `https://a`"),
            ("https://a:b", "`https://a:b` is not a server"),
            ("https://a b", "`https://a b` is not a server"),
            ("https://", "`https://` is not a server"),
        ] {
            let why = Origin::try_from(bad.to_owned()).unwrap_err();
            assert!(why.contains(says) && !why.contains("hunter2"), "{bad}: {why}");
        }
    }
}
