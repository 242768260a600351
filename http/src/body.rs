//! The body of an answer.

use std::fmt;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use zeroize::Zeroizing;

use crate::encoding::compression;
use crate::{Failure, Proxy, Unanswered, Words};

/// The whole body of what `address` answered to a request that had `time`, as text: what is no
/// UTF-8 in it was written for people, and is replaced.
///
/// # Errors
/// Transient, when it breaks off, is longer than 1 MiB, or is compressed: the request was sent.
/// Misconfigured, when the port speaks TLS and the address says `http://`.
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

/// The same for a backend that has words of its own, as bytes.
///
/// # Errors
/// Why it is not all there, or not to be read.
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

/// Returns whether a TLS port says that it was asked in plain text. Go's `net/http` (so Vault,
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

/// The longest body that is read, in bytes.
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
