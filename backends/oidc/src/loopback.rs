//! The port of this machine that a browser comes back to (RFC 8252, section 7.3).

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use api_key_helper_backend::Error;
use httparse::{EMPTY_HEADER, Header, Request, Status};
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
    /// Connections whose request is not complete. Browsers open some in advance, and others may be
    /// slow: none waits for another.
    pending: JoinSet<Option<PageRequest>>,
}

/// A browser's request for a page, which waits for the response.
#[derive(Debug)]
pub(crate) struct PageRequest {
    stream: TcpStream,
    /// The path and query of what is asked for. Codes are in it.
    pub(crate) target: Zeroizing<String>,
}

impl Loopback {
    /// Takes the port that `redirect_uri` names, or any that is free.
    ///
    /// # Errors
    /// Transient, when another program has it; Misconfigured, when this user may not have it.
    pub(crate) async fn bind(redirect_uri: &RedirectUri) -> Result<Self, Error> {
        let mut tries = 0..if redirect_uri.port().is_some() { 0 } else { RETRIES };
        loop {
            match listen(redirect_uri).await {
                Ok((listeners, port)) => {
                    return Ok(Self { listeners, port, pending: JoinSet::new() });
                }
                // The port that is free at one address may be taken at the other.
                Err(_) if tries.next().is_some() => {}
                Err(error) => return Err(not_listening(redirect_uri, &error)),
            }
        }
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The next request for a page, whatever page it is.
    pub(crate) async fn next_request(&mut self) -> PageRequest {
        loop {
            tokio::select! {
                biased;
                Some(request) = self.pending.join_next() => {
                    if let Ok(Some(request)) = request {
                        return request;
                    }
                }
                stream = accept(&self.listeners), if self.pending.len() < MAX_PENDING => {
                    match stream {
                        Ok(stream) => drop(self.pending.spawn(read(stream))),
                        // Such as no more files: that may pass.
                        Err(_) => sleep(PAUSE).await,
                    }
                }
            }
        }
    }
}

impl PageRequest {
    /// Shows `page`, if the browser still waits for it.
    pub(crate) async fn answer(self, page: &Page) {
        send(self.stream, &page.response()).await;
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
            // A machine without IPv6 has one address of the name, and each system says so
            // otherwise.
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

/// Returns the page that `stream` requests within [`PATIENCE`]. A browser that asks for permission
/// gets it, and comes back with its request.
async fn read(mut stream: TcpStream) -> Option<PageRequest> {
    match timeout(PATIENCE, read_head(&mut stream)).await.ok()?? {
        BrowserRequest::Page(target) => Some(PageRequest { stream, target }),
        BrowserRequest::Preflight(preflight) => {
            send(stream, &preflight.response()).await;
            None
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<BrowserRequest> {
    let mut head = Zeroizing::new(Vec::with_capacity(LONGEST_HEAD));
    loop {
        let mut rest = (&mut *stream).take((LONGEST_HEAD - head.len()) as u64);
        if rest.read_buf(&mut *head).await.ok()? == 0 {
            return None;
        }
        match Head::parse(&head) {
            Head::Partial => {}
            Head::Complete(request) => return Some(request),
            Head::Foreign => return None,
        }
    }
}

/// Sends `response`, if it is still wanted.
async fn send(mut stream: TcpStream, response: &str) {
    let sent = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = timeout(PATIENCE, sent).await;
}

/// The head of a request, as far as it has been read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// The rest is still to come.
    Partial,
    Complete(BrowserRequest),
    /// That of a request which no browser sends here.
    Foreign,
}

impl Head {
    pub(crate) fn parse(head: &[u8]) -> Self {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut request = Request::new(&mut headers);
        match request.parse(head) {
            Ok(Status::Partial) => Self::Partial,
            Ok(Status::Complete(_)) => {
                BrowserRequest::read(&request).map_or(Self::Foreign, Self::Complete)
            }
            Err(_) => Self::Foreign,
        }
    }
}

/// A request that a browser sends here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BrowserRequest {
    /// For the path and query of a page. Codes are in it.
    Page(Zeroizing<String>),
    /// For permission to come here from the provider's page.
    Preflight(Preflight),
}

impl BrowserRequest {
    fn read(request: &Request<'_, '_>) -> Option<Self> {
        match request.method? {
            "GET" => Some(Self::Page(Zeroizing::new(request.path?.to_owned()))),
            "OPTIONS" => Preflight::read(request.headers).map(Self::Preflight),
            _ => None,
        }
    }
}

/// A question before the request: some browsers ask it when a page of a public network leads to one
/// of this machine (`<https://wicg.github.io/private-network-access/>`), and with each request of a
/// script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Preflight {
    origin: String,
    names_private_network: bool,
}

impl Preflight {
    fn read(headers: &[Header<'_>]) -> Option<Self> {
        let header = |name: &str| {
            let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            str::from_utf8(header.value).ok().map(str::trim)
        };
        header("Access-Control-Request-Method").filter(|method| *method == "GET")?;
        let origin = header("Origin")?;
        let is_origin = !origin.is_empty() && origin.chars().all(|c| c.is_ascii_graphic());
        is_origin.then(|| Self {
            origin: origin.to_owned(),
            names_private_network: header("Access-Control-Request-Private-Network")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
        })
    }

    /// Permits the request to any origin, for each may lead a browser here as it is. No script
    /// reads the page by that: the page itself has no such header.
    pub(crate) fn response(&self) -> String {
        let private = if self.names_private_network {
            "Access-Control-Allow-Private-Network: true\r\n"
        } else {
            ""
        };
        format!(
            "HTTP/1.1 204 No Content\r\n\
             Access-Control-Allow-Origin: {}\r\n\
             Access-Control-Allow-Methods: GET\r\n\
             {private}\
             Cache-Control: no-store\r\n\
             Connection: close\r\n\r\n",
            self.origin
        )
    }
}

/// A browser sends the cookies of all that was ever served on this machine.
const LONGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 128;
/// How long one connection may take to send its request, and to take the response.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many connections may be open at the same time.
const MAX_PENDING: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);
const RETRIES: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_request_head_is_read_to_its_end() {
        let head = "GET /callback?code=c HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n";
        let page = BrowserRequest::Page(Zeroizing::new("/callback?code=c".to_owned()));
        assert_eq!(Head::parse(head.as_bytes()), Head::Complete(page));
        for end in 0..head.len() {
            assert_eq!(Head::parse(&head.as_bytes()[..end]), Head::Partial, "{end}");
        }
        for other in [
            "POST /callback HTTP/1.1\r\n\r\n",
            "HEAD /callback HTTP/1.1\r\n\r\n",
            "OPTIONS /callback?code=c HTTP/1.1\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nOrigin: https://i\r\n\r\n",
            "OPTIONS /callback HTTP/1.1\r\nOrigin: https://i\r\n\
             Access-Control-Request-Method: POST\r\n\r\n",
            "OPTIONS /callback HTTP/1.1\r\nOrigin: \u{e9}\r\n\
             Access-Control-Request-Method: GET\r\n\r\n",
            "\u{16}\u{3}\u{1} a TLS hello",
            "GET /a b c HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(Head::parse(other.as_bytes()), Head::Foreign, "{other:?}");
        }
    }

    #[test]
    fn loopback_preflight_is_permitted_for_its_origin() {
        let response = |headers: &str| {
            let head = format!(
                "OPTIONS /callback?code=c HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\
                 access-control-request-method: GET\r\n{headers}\r\n"
            );
            match Head::parse(head.as_bytes()) {
                Head::Complete(BrowserRequest::Preflight(preflight)) => preflight.response(),
                other => panic!("{other:?}"),
            }
        };
        let plain = response("Origin: https://login.example\r\n");
        assert!(plain.starts_with("HTTP/1.1 204 No Content\r\n"), "{plain}");
        assert!(plain.contains("\r\nAccess-Control-Allow-Origin: https://login.example\r\n"));
        assert!(!plain.contains("Private-Network"), "{plain}");
        let private = "origin: null\r\nAccess-Control-Request-Private-Network: true\r\n";
        let private = response(private);
        assert!(private.contains("\r\nAccess-Control-Allow-Origin: null\r\n"), "{private}");
        assert!(private.contains("\r\nAccess-Control-Allow-Private-Network: true\r\n"));
    }
}
