//! The proxy for a server, from the variables that curl and Go read.

mod bypass;
mod refusal;

use std::fmt;

use api_key_helper_backend::{Error, Secret, text};
use bypass::Bypass;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use crate::is_loopback;

pub(crate) use refusal::Refusal;

/// The proxy variables of an environment. A request checks only those that apply to it: a host that
/// is reached directly must not fail because of an unusable proxy.
#[derive(Clone, Debug, Default)]
pub struct ProxyVariables {
    /// The backend's own variable, which applies to every host, including this machine.
    own: Option<Variable>,
    general: Option<Variable>,
    bypass: Bypass,
}

/// A variable with a value, which may contain a password.
#[derive(Clone, Debug)]
struct Variable {
    name: String,
    value: Secret,
}

/// The route to a server.
#[derive(Clone, Debug)]
pub enum Way {
    /// No proxy.
    Direct,
    /// The proxy of the operating system's settings, on macOS and Windows; no proxy elsewhere.
    System,
    /// The proxy that a variable names.
    Through(Proxy),
}

impl Way {
    /// Returns the proxy, if a variable names it.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        match self {
            Self::Through(proxy) => Some(proxy),
            Self::Direct | Self::System => None,
        }
    }
}

/// A proxy that requests go through.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The variable that names the proxy.
    variable: String,
    is_own: bool,
    /// The address without user and password.
    url: Url,
    login: Option<Login>,
}

/// The user name and password for a proxy.
#[derive(Clone, Debug)]
struct Login {
    user: Secret,
    password: Secret,
}

impl ProxyVariables {
    /// Reads the variables. `own` are the names of the backend's own variables, which take
    /// precedence over the general ones. `HTTP_PROXY` is not read: requests without TLS go to this
    /// machine only. So the client of a CGI program cannot set a proxy by the header `Proxy`
    /// (`<https://httpoxy.org>`).
    pub fn read(own: &[&str], variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| {
                let value = variable(name)?;
                let value = Some(text::trim(&value)).filter(|value| !value.is_empty())?;
                Some(Variable { name: (*name).to_owned(), value: value.into() })
            })
        };
        let exceptions = first(&["NO_PROXY", "no_proxy"]);
        Self {
            own: first(own),
            general: first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            bypass: exceptions
                .map_or_else(Bypass::default, |list| Bypass::parse(list.value.expose())),
        }
    }

    /// Returns the route to `url`.
    ///
    /// # Errors
    /// `Misconfigured`: the variable that applies contains no usable proxy.
    pub fn way_to(&self, url: &Url) -> Result<Way, Error> {
        if let Some(own) = &self.own {
            let proxy = own.proxy(true)?;
            // The token would leave this machine unencrypted.
            if url.scheme() != "https" && !is_loopback(&proxy.url) {
                let name = &own.name;
                let message = format!(
                    "the address is plain http, and the proxy of `{name}` is not on this machine"
                );
                return Err(Error::misconfigured(message).with_hint(format!("run `unset {name}`")));
            }
            return Ok(Way::Through(proxy));
        }
        match &self.general {
            // Go has the same rule: requests to this machine use no proxy.
            _ if is_loopback(url) || self.bypass.covers(url) => Ok(Way::Direct),
            Some(general) => general.proxy(false).map(Way::Through),
            None => Ok(Way::System),
        }
    }
}

impl Variable {
    fn proxy(&self, is_own: bool) -> Result<Proxy, Error> {
        let name = &self.name;
        let (url, login) = parse(self.value.expose()).map_err(|why| {
            Error::misconfigured(format!("the variable `{name}` is not a usable proxy: {why}"))
                .with_hint(format!("set it to `http://HOST:PORT`, or run `unset {name}`"))
        })?;
        Ok(Proxy { variable: name.clone(), is_own, url, login })
    }
}

/// Parses the address of a proxy. An error repeats no part of it: in a misspelled address, the
/// password may be anywhere.
fn parse(text: &str) -> Result<(Url, Option<Login>), String> {
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("it contains a space or a control character".to_owned());
    }
    // curl and Go have the same default.
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url = Url::parse(&text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}` is not supported; only `http` and `https` are", url.scheme()));
    }
    // The host has ended too early, at a `/`, `?` or `#` in the password.
    if url[Position::AfterPort..].contains('@') {
        return Err("write `/`, `?` and `#` in its password as `%2F`, `%3F` and `%23`".to_owned());
    }
    let decoded = |part: &str| {
        let decoded = percent_decode_str(part).decode_utf8();
        decoded.map(|decoded| Secret::from(&*decoded)).map_err(|_| "its password is not UTF-8")
    };
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, password) => {
            Some(Login { user: decoded(user)?, password: decoded(password.unwrap_or_default())? })
        }
    };
    // Neither call fails for `http` and `https`.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok((url, login))
}

impl Proxy {
    /// Returns the host and the port.
    #[must_use]
    pub fn host_and_port(&self) -> (&str, u16) {
        // An address of `http` or `https` has both.
        let host = self.url.host_str().unwrap_or_default();
        (host, self.url.port_or_known_default().unwrap_or_default())
    }

    /// Returns the proxy in the form of the HTTP client.
    pub(crate) fn to_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.url.clone())?;
        Ok(match &self.login {
            Some(Login { user, password }) => proxy.basic_auth(user.expose(), password.expose()),
            None => proxy,
        })
    }

    /// Returns the hint for a failed connection.
    pub(crate) fn hint(&self) -> String {
        let Self { variable, is_own, .. } = self;
        if *is_own {
            format!("check the proxy in `{variable}`")
        } else {
            format!(
                "check the proxy in `{variable}`; for a server that needs none, add its host to `NO_PROXY`"
            )
        }
    }

    /// Returns a hint on how to reach `host` without the proxy.
    #[must_use]
    pub fn bypass_hint(&self, host: &str) -> String {
        let Self { variable, is_own, .. } = self;
        if *is_own {
            format!("reach the server directly: run `unset {variable}`")
        } else {
            format!("reach the server directly: add `{host}` to `NO_PROXY`")
        }
    }

    /// Returns the hint for a proxy that requires a user and a password.
    pub(crate) fn login_hint(&self) -> String {
        let (host, port) = self.host_and_port();
        let Self { variable, url, .. } = self;
        format!("set `{variable}` to `{}://USER:PASSWORD@{host}:{port}`", url.scheme())
    }

    /// Returns the meaning of a 407 from the proxy.
    pub(crate) fn wants(&self) -> &'static str {
        match self.login {
            Some(_) => "the proxy answered 407: it rejected the user name or password",
            None => "the proxy answered 407: it requires a user name and password",
        }
    }
}

/// Shows the proxy as in "through …".
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = self.host_and_port();
        write!(f, "the proxy `{host}:{port}` of `{}`", self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> ProxyVariables {
        variables_with(&[], set)
    }

    fn variables_with(own: &[&str], set: &[(&str, &str)]) -> ProxyVariables {
        ProxyVariables::read(own, |name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn proxy_for(set: &[(&str, &str)], address: &str) -> Result<Option<String>, Error> {
        let way = variables(set).way_to(&Url::parse(address).unwrap())?;
        Ok(way.proxy().map(ToString::to_string))
    }

    const VAULT: &str = "https://vault.corp.example:8200";

    #[test]
    fn proxy_variable_precedence_is_https_proxy_all_proxy() {
        let proxy = |set: &[_]| proxy_for(set, VAULT).unwrap();
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let expected = format!("the proxy `p:3128` of `{name}`");
            assert_eq!(proxy(&[(name, "http://p:3128")]), Some(expected), "{name}");
        }
        let both = [("ALL_PROXY", "http://a:1"), ("https_proxy", "http://h:2")];
        assert_eq!(proxy(&both).as_deref(), Some("the proxy `h:2` of `https_proxy`"));
        let blank = [("HTTPS_PROXY", " \t"), ("ALL_PROXY", "http://a:1")];
        assert_eq!(proxy(&blank).as_deref(), Some("the proxy `a:1` of `ALL_PROXY`"));
        // CGI sets the second one from a request (`httpoxy`); the others remain valid.
        for ignored in ["HTTP_PROXY", "http_proxy", "REQUEST_METHOD"] {
            assert_eq!(proxy(&[(ignored, "http://p:1")]), None, "{ignored}");
        }
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTPS_PROXY", "http://p:1")];
        assert_eq!(proxy(&cgi).as_deref(), Some("the proxy `p:1` of `HTTPS_PROXY`"));
    }

    #[test]
    fn proxy_address_is_read_as_curl_and_go_read_it() {
        for (written, shown) in [
            (" http://p:3128\n", "p:3128"),
            ("p:3128", "p:3128"),
            ("p.corp.example", "p.corp.example:80"),
            ("https://p", "p:443"),
            ("HTTP://P:3128/", "p:3128"),
            ("http://[fd00::1]:3128", "[fd00::1]:3128"),
            ("http://user:p%40ss@p:3128", "p:3128"),
            ("http://p:3128/pac", "p:3128"),
        ] {
            let proxy = proxy_for(&[("HTTPS_PROXY", written)], VAULT).unwrap().unwrap();
            assert_eq!(proxy, format!("the proxy `{shown}` of `HTTPS_PROXY`"), "{written:?}");
        }
    }

    #[test]
    fn unusable_proxy_error_names_its_variable_without_the_password() {
        for written in [
            "http://[bad",
            "http://",
            "http://:3128",
            "http://p:port",
            "http://p:99999",
            "http://p :3128",
            "http://user:hunter2 x@p:3128",
            "http://p\n:3128",
            "socks5h://user:hunter2@p:1",
            "socks5://p:1",
            "socks4://p:1",
            "ftp://p",
            "file:///p",
            "http://user:hunter2#x@p:3128",
            "http://user:hunter2/x@p:3128",
            "http://user:8/hunter2@p:3128",
            "http://user:8?hunter2@p:3128",
            "http://user:hunter2%ff@p:3128",
        ] {
            for name in ["HTTPS_PROXY", "all_proxy"] {
                let error = proxy_for(&[(name, written)], VAULT).unwrap_err();
                assert_eq!(error.kind(), api_key_helper_backend::ErrorKind::Misconfigured);
                let report = error.report();
                assert!(report.contains(&format!("the variable `{name}`")), "{report}");
                assert!(report.contains(&format!("`unset {name}`")), "{report}");
                assert!(!report.contains("hunter2"), "{report}");
            }
        }
        let error = proxy_for(&[("ALL_PROXY", "socks5h://127.0.0.1:1")], VAULT).unwrap_err();
        assert!(error.message().contains("`socks5h` is not supported"), "{error}");
    }

    #[test]
    fn unusable_proxy_is_no_error_for_loopback_or_no_proxy() {
        let unusable = [("HTTPS_PROXY", "socks5://p:1"), ("NO_PROXY", "corp.example")];
        assert_eq!(proxy_for(&unusable, VAULT), Ok(None));
        for near in ["https://localhost:8200", "http://127.0.0.1:8200", "https://[::1]"] {
            assert_eq!(proxy_for(&unusable[..1], near), Ok(None), "{near}");
        }
        let unused = [("HTTPS_PROXY", "http://p:1"), ("ALL_PROXY", "socks5://p:1")];
        assert!(proxy_for(&unused, VAULT).unwrap().is_some());
    }

    #[test]
    fn system_proxy_settings_apply_without_a_variable() {
        let is_system = |set: &[_], address| {
            let way = variables(set).way_to(&Url::parse(address).unwrap()).unwrap();
            matches!(way, Way::System)
        };
        assert!(is_system(&[], VAULT));
        assert!(is_system(&[("NO_PROXY", "other.example")], VAULT));
        assert!(!is_system(&[("NO_PROXY", "corp.example")], VAULT));
        assert!(!is_system(&[("HTTPS_PROXY", "http://p:1")], VAULT));
        assert!(!is_system(&[], "https://localhost:8200"));
    }

    #[test]
    fn proxy_password_is_percent_decoded() {
        for (written, user, password) in [
            ("http://u:p%40s%23s%2F@p", "u", "p@s#s/"),
            ("http://u:p@ss@p", "u", "p@ss"),
            ("http://u:50%off@p", "u", "50%off"),
            ("http://u:p%C3%A4ss@p", "u", "p\u{e4}ss"),
            ("http://u:p\u{e4}ss@p", "u", "p\u{e4}ss"),
            ("http://u@p", "u", ""),
            ("http://DOM%5Cu:p+ss@p", "DOM\\u", "p+ss"),
        ] {
            let login = parse(written).unwrap().1.unwrap();
            assert_eq!((login.user.expose(), login.password.expose()), (user, password));
        }
        assert!(parse("http://p").unwrap().1.is_none());
        let shown = format!("{:?}", variables(&[("HTTPS_PROXY", "http://u:hunter2@p")]));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn proxy_variable_of_a_backend_applies_to_every_host() {
        let own = ["VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"];
        let proxy_for = |set: &[_], address| {
            let way = variables_with(&own, set).way_to(&Url::parse(address).unwrap());
            way.map(|way| way.proxy().map(ToString::to_string))
        };
        let set = [
            ("VAULT_HTTP_PROXY", "http://second:1"),
            ("VAULT_PROXY_ADDR", "http://first:1"),
            ("HTTPS_PROXY", "http://general:1"),
            ("NO_PROXY", "*"),
        ];
        for address in [VAULT, "https://localhost:8200"] {
            let expected = "the proxy `first:1` of `VAULT_PROXY_ADDR`".to_owned();
            assert_eq!(proxy_for(&set, address), Ok(Some(expected)));
        }
        let error = proxy_for(&set, "http://127.0.0.1:8200").unwrap_err();
        assert!(error.message().contains("`VAULT_PROXY_ADDR` is not on this machine"), "{error}");
        let near = [("VAULT_HTTP_PROXY", "http://127.0.0.1:1")];
        assert!(proxy_for(&near, "http://127.0.0.1:8200").unwrap().is_some());
        let error = proxy_for(&[("VAULT_PROXY_ADDR", "socks5://p:1")], VAULT).unwrap_err();
        assert!(error.message().contains("`VAULT_PROXY_ADDR`"), "{error}");
    }
}
