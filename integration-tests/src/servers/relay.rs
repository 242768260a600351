//! A relay to a server, which counts requests and can delay them.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpStream};
use std::ops::Deref;
use std::thread;

use super::request_log::RequestLog;
use super::stub::{Request, read};

/// A relay on loopback. Requests and responses pass unchanged, so that signatures stay valid.
#[derive(Debug)]
pub struct Relay {
    recorded: RequestLog,
}

impl Relay {
    /// Starts a relay to the server at `upstream`.
    #[must_use]
    pub fn to(upstream: &str) -> Self {
        Self::with_barrier(upstream, |_| ())
    }

    /// Starts a relay on which each request waits until `barrier` returns.
    ///
    /// # Panics
    /// There is no port, or `upstream` is not plain HTTP.
    #[must_use]
    pub fn with_barrier(
        upstream: &str,
        barrier: impl Fn(&Request) + Send + Sync + 'static,
    ) -> Self {
        let upstream = upstream.strip_prefix("http://").expect("plain HTTP").to_owned();
        let recorded = RequestLog::open("127.0.0.1", move |client, keep| {
            let see = |request: Request| {
                keep(request.clone());
                barrier(&request);
            };
            // If one side closes the connection, it ends, as it would without a relay.
            drop(pass(client, &upstream, &see));
        });
        Self { recorded }
    }
}

impl Deref for Relay {
    type Target = RequestLog;

    fn deref(&self) -> &RequestLog {
        &self.recorded
    }
}

/// Forwards the requests of one connection, one after the other.
fn pass(client: &TcpStream, upstream: &str, see: &dyn Fn(Request)) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut answers, &mut back);
        // Closes the connection to the client as well.
        let _ = back.shutdown(Shutdown::Both);
        copied
    });
    while let Some(request) = read(client) {
        see(request.clone());
        server.write_all(request.text.as_bytes())?;
    }
    server.shutdown(Shutdown::Both)
}
