//! HTTP requests byte by byte, as no browser would send them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::wait;

/// Returns the response to a `GET` of `address`, including its head.
///
/// # Panics
/// There is no response.
#[must_use]
pub fn get(address: &str) -> String {
    let (host, target) = parts(address);
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nCookie: a=b\r\n\r\n");
    send(address, request.as_bytes())
}

/// Returns the response to any bytes at the port of `address`.
///
/// # Panics
/// There is no response.
#[must_use]
pub fn send(address: &str, request: &[u8]) -> String {
    let mut stream = connect(address);
    let mut answer = Vec::new();
    // A server that rejects a request may close the connection.
    let _ = stream.write_all(request).and_then(|()| stream.read_to_end(&mut answer));
    String::from_utf8(answer).expect("text")
}

/// Returns an unused connection to the port of `address`.
///
/// # Panics
/// No server listens there.
#[must_use]
pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(parts(address).0).expect("a listener");
    stream.set_read_timeout(Some(wait::LIMIT)).expect("a limit");
    stream
}

fn parts(address: &str) -> (&str, &str) {
    let rest = address.strip_prefix("http://").expect("a plain address");
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}
