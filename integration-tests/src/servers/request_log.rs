//! A port on loopback, and a record of the requests that came to it.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::stub::Request;

/// A port on loopback that keeps each request.
#[derive(Debug)]
pub struct RequestLog {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl RequestLog {
    /// Opens a port of `host`. Each connection is given to `serve` on a thread of its own, with the
    /// function that keeps a request.
    pub(super) fn open(
        host: &str,
        serve: impl Fn(&TcpStream, &dyn Fn(Request)) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((host, 0)).expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = Self { address, requests: Arc::clone(&requests) };
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (requests, serve) = (Arc::clone(&requests), Arc::clone(&serve));
                thread::spawn(move || {
                    serve(&stream, &|request| {
                        requests.lock().expect("the requests").push(request);
                    });
                });
            }
        });
        recorded
    }

    /// Returns the address that it listens at.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the requests so far.
    ///
    /// # Panics
    /// When a thread panicked while it kept one.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("the requests").clone()
    }

    /// Returns how many requests so far had `part` in them.
    #[must_use]
    pub fn count(&self, part: &str) -> usize {
        self.requests().iter().filter(|request| request.text.contains(part)).count()
    }
}
