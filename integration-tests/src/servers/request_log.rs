//! A port on loopback with a record of the requests.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::stub::Request;

/// A port on loopback that records each request.
#[derive(Debug)]
pub struct RequestLog {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl RequestLog {
    /// Opens a port of `host`. `serve` handles each connection in a thread of its own, with a
    /// function that records a request.
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

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the requests so far.
    ///
    /// # Panics
    /// A thread panicked while it recorded one.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("the requests").clone()
    }

    /// Returns the number of requests so far that contain `part`.
    #[must_use]
    pub fn count(&self, part: &str) -> usize {
        self.requests().iter().filter(|request| request.text.contains(part)).count()
    }
}
