//! The port of this machine that a browser comes back to (RFC 8252, section 7.3).

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use api_key_helper_core::Error;
use httparse::{EMPTY_HEADER, Request, Status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::page::Page;
use crate::redirect_uri::RedirectUri;

/// Listens on loopback, and on nothing else.
#[derive(Debug)]
pub(crate) struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
    /// Who is connected, and has not finished to ask. Browsers keep connections in store, and others
    /// may be slow: nobody waits for another one.
    visitors: JoinSet<Option<Visit>>,
}

/// Somebody who asks for a page.
#[derive(Debug)]
pub(crate) struct Visit {
    stream: TcpStream,
    /// The path and query of what is asked for. Codes are in it.
    pub(crate) target: Zeroizing<String>,
}

impl Loopback {
    /// Takes the port that `redirect_uri` names, or any that is free.
    ///
    /// # Errors
    /// Transient, when somebody else has it; Misconfigured, when nobody like us may have it.
    pub(crate) async fn bind(redirect_uri: &RedirectUri) -> Result<Self, Error> {
        let mut tries = 0..if redirect_uri.port().is_some() { 0 } else { RETRIES };
        loop {
            match listen(redirect_uri).await {
                Ok((listeners, port)) => {
                    return Ok(Self { listeners, port, visitors: JoinSet::new() });
                }
                // The port that is free at one address may be somebody's at the other.
                Err(_) if tries.next().is_some() => {}
                Err(error) => return Err(not_listening(redirect_uri, &error)),
            }
        }
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The next request, whosever.
    pub(crate) async fn visit(&mut self) -> Visit {
        loop {
            tokio::select! {
                biased;
                Some(visit) = self.visitors.join_next() => {
                    if let Ok(Some(visit)) = visit {
                        return visit;
                    }
                }
                stream = accept(&self.listeners), if self.visitors.len() < MOST_VISITORS => {
                    match stream {
                        Ok(stream) => drop(self.visitors.spawn(read(stream))),
                        // Such as no more files: that may pass.
                        Err(_) => sleep(PAUSE).await,
                    }
                }
            }
        }
    }
}

impl Visit {
    /// Shows `page`, if somebody still wants to see it.
    pub(crate) async fn answer(mut self, page: &Page) {
        let response = page.response();
        let sent = async {
            self.stream.write_all(response.as_bytes()).await?;
            self.stream.shutdown().await
        };
        let _ = timeout(PATIENCE, sent).await;
    }
}

async fn listen(redirect_uri: &RedirectUri) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut port = redirect_uri.port().unwrap_or_default();
    let mut listeners = Vec::new();
    for ip in redirect_uri.addresses() {
        match TcpListener::bind(SocketAddr::new(*ip, port)).await {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            // A machine without IPv6 has one address of the name, and each system says so otherwise.
            Err(error) if error.kind() != io::ErrorKind::AddrInUse && !listeners.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    Ok((listeners, port))
}

fn not_listening(redirect_uri: &RedirectUri, error: &io::Error) -> Error {
    let at = redirect_uri.at(0);
    match (error.kind(), redirect_uri.port()) {
        (io::ErrorKind::AddrInUse, Some(port)) => {
            Error::transient(format!("another program listens on port {port} of this machine"))
                .with_hint("end it, or register another port and set `redirect_uri` of the source")
        }
        _ => Error::misconfigured(format!("cannot listen for `{at}`: {error}"))
            .with_hint("see `redirect_uri` of the source, or use `flow = \"device\"`"),
    }
}

async fn accept(listeners: &[TcpListener]) -> io::Result<TcpStream> {
    let accepted = poll_fn(|context| {
        for listener in listeners {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    });
    accepted.await.map(|(stream, _)| stream)
}

/// What `stream` asks for, if it does so within a bearable time.
async fn read(mut stream: TcpStream) -> Option<Visit> {
    let target = timeout(PATIENCE, read_head(&mut stream)).await.ok()??;
    Some(Visit { stream, target })
}

async fn read_head(stream: &mut TcpStream) -> Option<Zeroizing<String>> {
    let mut head = Zeroizing::new(Vec::with_capacity(LONGEST_HEAD));
    loop {
        let mut rest = (&mut *stream).take((LONGEST_HEAD - head.len()) as u64);
        if rest.read_buf(&mut *head).await.ok()? == 0 {
            return None;
        }
        if let Some(target) = target(&head)? {
            return Some(target);
        }
    }
}

/// What the head of a request asks for: `Some(None)` until all of it is there, and None where it is no
/// request for a page.
pub(crate) fn target(head: &[u8]) -> Option<Option<Zeroizing<String>>> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(head).ok()? {
        Status::Partial => Some(None),
        Status::Complete(_) if request.method == Some("GET") => {
            Some(Some(Zeroizing::new(request.path?.to_owned())))
        }
        Status::Complete(_) => None,
    }
}

/// A browser sends the cookies of all that was ever served on this machine.
const LONGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 128;
/// How long one visitor may take to ask, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many may be at it at the same time.
const MOST_VISITORS: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);
const RETRIES: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_to_its_end() {
        let asked = |head: &str| target(head.as_bytes()).map(|t| t.map(|t| t.to_string()));
        let head = "GET /callback?code=c HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n";
        assert_eq!(asked(head), Some(Some("/callback?code=c".to_owned())));
        for end in 0..head.len() {
            assert_eq!(asked(&head[..end]), Some(None), "{end}");
        }
        for other in [
            "POST /callback HTTP/1.1\r\n\r\n",
            "HEAD /callback HTTP/1.1\r\n\r\n",
            "\u{16}\u{3}\u{1} a TLS hello",
            "GET /a b c HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(asked(other), None, "{other:?}");
        }
    }
}
