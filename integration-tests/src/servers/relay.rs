//! A way to a server, on which requests are counted and can be held up.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpStream};
use std::ops::Deref;
use std::thread;

use super::request_log::RequestLog;
use super::stub::{Request, read};

/// A relay on loopback. Requests and answers pass as they are, so that a signature stays good.
#[derive(Debug)]
pub struct Relay {
    recorded: RequestLog,
}

impl Relay {
    /// A relay to the server at `upstream`.
    #[must_use]
    pub fn to(upstream: &str) -> Self {
        Self::with_barrier(upstream, |_| ())
    }

    /// The same, where each request waits until `barrier` returns.
    ///
    /// # Panics
    /// When there is no port, or `upstream` is not plain HTTP.
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
            // A side that goes away ends the connection, as it would without us.
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

/// Lets the requests of one connection pass, one after the other.
fn pass(client: &TcpStream, upstream: &str, see: &dyn Fn(Request)) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut answers, &mut back);
        // The client sees the same end as we.
        let _ = back.shutdown(Shutdown::Both);
        copied
    });
    while let Some(request) = read(client) {
        see(request.clone());
        server.write_all(request.text.as_bytes())?;
    }
    server.shutdown(Shutdown::Both)
}
