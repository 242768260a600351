//! A way to a server, on which requests are counted and can be held up.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::stub::{Request, read};

/// A relay on loopback. Requests and answers pass as they are, so that a signature stays good.
#[derive(Debug)]
pub struct Relay {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let relay = Self { address, requests: Arc::clone(&requests) };
        let see = Arc::new(move |request: Request| {
            requests.lock().expect("the requests").push(request.clone());
            barrier(&request);
        });
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (upstream, see) = (upstream.clone(), Arc::clone(&see));
                // A side that goes away ends the connection, as it would without us.
                thread::spawn(move || drop(pass(&stream, &upstream, &*see)));
            }
        });
        relay
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The requests so far.
    ///
    /// # Panics
    /// When the barrier did.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("the requests").clone()
    }

    /// How many requests so far had `part` in them.
    #[must_use]
    pub fn count(&self, part: &str) -> usize {
        self.requests().iter().filter(|request| request.text.contains(part)).count()
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
