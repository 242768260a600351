//! The status with which a proxy refuses a connection.

use std::error::Error as StdError;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;
use zeroize::Zeroizing;

use super::{Login, Proxy};
use crate::cause::chain;

/// The reason why a proxy opened no tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The proxy answered with this status.
    Status(u16),
    /// The proxy answered with a status that the HTTP client does not report.
    Unknown,
}

impl Refusal {
    /// Returns the refusal in `error`, if there is one.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        chain(error).find_map(|error| match error.to_string().as_str() {
            WANTS_LOGIN => Some(Self::Status(407)),
            REFUSED => Some(Self::Unknown),
            _ => None,
        })
    }

    /// Returns the refusal with its status, which a second `CONNECT` to `to` reveals. The proxy may
    /// answer differently by then.
    pub(crate) async fn explained(self, proxy: &Proxy, to: &Url) -> Self {
        match self {
            Self::Status(_) => self,
            Self::Unknown => status(proxy, to).await.map_or(self, Self::Status),
        }
    }
}

/// The message of hyper-util's tunnel, because the type of its error is private.
const WANTS_LOGIN: &str = "tunnel error: proxy authorization required";
const REFUSED: &str = "tunnel error: unsuccessful";

/// Returns the status; `None` if the proxy now accepts, or uses TLS.
async fn status(proxy: &Proxy, to: &Url) -> Option<u16> {
    if proxy.url.scheme() != "http" {
        return None;
    }
    let (host, port) = proxy.host_and_port();
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.ok()?;
    let to = format!("{}:{}", to.host_str()?, to.port_or_known_default()?);
    let mut head = Zeroizing::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n"));
    if let Some(Login { user, password }) = &proxy.login {
        let login = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(login.as_bytes()));
        *head += "Proxy-Authorization: Basic ";
        *head += &encoded;
        *head += "\r\n";
    }
    *head += "\r\n";
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut line = [0; "HTTP/1.1 403".len()];
    stream.read_exact(&mut line).await.ok()?;
    let (version, status) = std::str::from_utf8(&line).ok()?.split_once(' ')?;
    let status = status.parse().ok()?;
    (version.starts_with("HTTP/1.") && !matches!(status, 200..=299)).then_some(status)
}
