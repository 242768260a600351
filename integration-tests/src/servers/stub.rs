//! A server with programmed responses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;

use serde_json::Value;

use super::request_log::RequestLog;
use crate::wait;

/// A server on loopback, with its requests.
#[derive(Debug)]
pub struct Stub {
    recorded: RequestLog,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request line, such as `GET /a/b HTTP/1.1`.
    pub line: String,
    /// The whole text.
    pub text: String,
}

impl Request {
    /// Returns the server's address, as the client names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or_default())
    }

    /// Returns the first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.text.lines().skip(1).take_while(|line| !line.is_empty());
        let mut headers = headers.filter_map(|line| line.split_once(':'));
        let (_, value) = headers.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// A response.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These bytes, after which the connection is closed.
    Bytes(String),
    /// These bytes, which are not UTF-8.
    Binary(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Reply {
    /// Returns a complete response.
    #[must_use]
    pub fn new(status: u16, headers: &[&str], body: &str) -> Self {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        Self::Bytes(format!(
            "HTTP/1.1 {status} Stub\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n\
             {body}"
        ))
    }

    /// Returns a complete response in JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, &["Content-Type: application/json"], &body.to_string())
    }
}

impl Stub {
    /// Starts a server that answers each request with the result of `reply`.
    #[must_use]
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1", reply)
    }

    /// Starts a server at another loopback address, which counts as another host.
    ///
    /// # Panics
    /// There is no port.
    #[must_use]
    pub fn start_at(host: &str, reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let recorded = RequestLog::open(host, move |stream, keep| {
            let Some(request) = read(stream) else { return };
            keep(request.clone());
            let mut stream = stream;
            match reply(&request) {
                Reply::Bytes(bytes) => drop(stream.write_all(bytes.as_bytes())),
                Reply::Binary(bytes) => drop(stream.write_all(&bytes)),
                Reply::Silence => wait::sleep(wait::LIMIT),
            }
        });
        Self { recorded }
    }
}

impl Deref for Stub {
    type Target = RequestLog;

    fn deref(&self) -> &RequestLog {
        &self.recorded
    }
}

/// Reads the next request of a connection, if there is one.
#[must_use]
pub fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if reader.read_line(&mut text).ok()? == 0 {
            return None;
        }
    }
    let lower = text.to_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap_or(0))];
    reader.read_exact(&mut body).ok()?;
    let line = text.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    text.push_str(&String::from_utf8_lossy(&body));
    Some(Request { line, text })
}
