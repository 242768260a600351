//! The body of a response.

use std::fmt;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use zeroize::Zeroizing;

use crate::encoding::compression;
use crate::{Failure, Proxy, Unanswered, Words};

/// Returns the whole body that `address` sent in response to a request with the limit `time`, as
/// UTF-8. Invalid bytes are replaced: they belong to text for people.
///
/// # Errors
/// `Transient`: the body breaks off, is longer than 1 MiB, or is compressed; the request was sent.
/// `Misconfigured`: the port uses TLS and the address begins with `http://`.
pub async fn body(
    response: Response,
    address: &impl fmt::Display,
    time: Duration,
    words: &Words,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let body = read(response).await;
    let body = body.map_err(|why| Failure::on_the_way(address, time, &why, words))?;
    if str::from_utf8(&body).is_ok() {
        return Ok(body);
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&body).into_owned().into_bytes()))
}

/// Returns the whole body as bytes, for a backend that words its own errors.
///
/// # Errors
/// The reason why the body is incomplete or cannot be read.
pub async fn read(response: Response) -> Result<Zeroizing<Vec<u8>>, Unanswered> {
    let proxy = response.extensions().get::<Proxy>().cloned();
    let encoding = response.headers().get(CONTENT_ENCODING).cloned();
    let why = match read_to_end(response).await {
        Ok(body) => match compression(&body, encoding.as_ref()) {
            Some(name) => Unanswered::compressed(name),
            None => return Ok(body),
        },
        Err(why) => why,
    };
    Err(why.through(proxy))
}

async fn read_to_end(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Unanswered> {
    let is_plain = response.url().scheme() == "http" && response.status() == 400;
    let mut body = Zeroizing::new(Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(Unanswered::too_long()),
            Ok(None) if is_plain && wants_tls(&body) => return Err(Unanswered::speaks_tls()),
            Ok(None) => return Ok(body),
            Err(error) => return Err(Unanswered::broken(&error)),
        }
    }
}

/// Returns whether a TLS port reports a request in plain HTTP. Go's `net/http` (and so Vault and
/// OpenBao), nginx, Apache and Tomcat answer 400 with these words.
fn wants_tls(body: &[u8]) -> bool {
    const WORDS: [&str; 4] = [
        "HTTP request to an HTTPS server",
        "plain HTTP request was sent to HTTPS port",
        "speaking plain HTTP to an SSL-enabled server port",
        "combination of host and port requires TLS",
    ];
    let text = String::from_utf8_lossy(&body[..body.len().min(2048)]);
    WORDS.iter().any(|words| text.contains(words))
}

/// The longest accepted body, in bytes.
const LONGEST: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_port_asked_by_plain_http_is_recognised() {
        for body in [
            "Client sent an HTTP request to an HTTPS server.\n",
            "<html><center>The plain HTTP request was sent to HTTPS port</center></html>",
            "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
            "Bad Request\nThis combination of host and port requires TLS.\n",
        ] {
            assert!(wants_tls(body.as_bytes()), "{body}");
        }
        for body in ["", r#"{"errors":["missing client token"]}"#, "<html>Bad Request</html>"] {
            assert!(!wants_tls(body.as_bytes()), "{body}");
        }
    }
}
