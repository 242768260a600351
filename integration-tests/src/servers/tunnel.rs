//! A proxy that opens tunnels, all to one server.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpStream};
use std::ops::Deref;
use std::thread;

use super::request_log::RequestLog;
use super::stub::read;

/// A proxy on loopback. It connects every tunnel to its upstream.
#[derive(Debug)]
pub struct Tunnel {
    recorded: RequestLog,
}

impl Tunnel {
    /// Starts a proxy to the server at the port `upstream`.
    ///
    /// # Panics
    /// There is no port for it.
    #[must_use]
    pub fn to(upstream: &str) -> Self {
        let upstream = format!("127.0.0.1:{upstream}");
        let recorded = RequestLog::open("127.0.0.1", move |client, keep| {
            let Some(request) = read(client) else { return };
            keep(request);
            // If one side closes the connection, the tunnel ends.
            let _ = open(client, &upstream);
        });
        Self { recorded }
    }
}

impl Deref for Tunnel {
    type Target = RequestLog;

    fn deref(&self) -> &RequestLog {
        &self.recorded
    }
}

fn open(client: &TcpStream, upstream: &str) -> io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    to_client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    thread::spawn(move || {
        let copied = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
        copied
    });
    io::copy(&mut { client }, &mut &server)?;
    server.shutdown(Shutdown::Write)
}
