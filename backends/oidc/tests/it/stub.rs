//! A server that does what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::common::Log;

/// A server on loopback. Its log has the first line of each request.
pub(crate) struct Stub {
    pub(crate) address: String,
    pub(crate) log: Log,
}

/// What is sent back.
pub(crate) struct Reply(String);

impl Reply {
    pub(crate) fn new(status: u16, headers: &[&str], body: &str) -> Self {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        Self(format!(
            "HTTP/1.1 {status} Stub\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n\
             {body}"
        ))
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, &["Content-Type: application/json"], &body.to_string())
    }
}

/// A server that answers each request with what `reply` says to its own address, the request's first
/// line (`GET /jwks`) and its body.
pub(crate) fn server(reply: impl Fn(&str, &str, &str) -> Reply + Send + Sync + 'static) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let stub = Stub { address: address.clone(), log: Arc::new(Mutex::new(Vec::new())) };
    let log = Arc::clone(&stub.log);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let Some((head, body)) = read(&stream) else { continue };
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
            log.lock().unwrap().push(line.to_owned());
            let Reply(bytes) = reply(&address, line, &body);
            drop((&stream).write_all(bytes.as_bytes()));
        }
    });
    stub
}

/// A request's head and body.
pub(crate) fn read(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}
