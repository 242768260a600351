//! A bad network in front of a provider.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use integration_tests::servers::{OidcProvider, stub};
use integration_tests::wait;

/// Hands requests on, and loses answers when it is told to.
pub(crate) struct Proxy {
    port: u16,
    upstream: String,
    lost: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn to(provider: &OidcProvider) -> Self {
        let mut proxy = Self {
            port: 0,
            upstream: provider.issuer().trim_start_matches("http://").to_owned(),
            lost: Arc::default(),
            stopping: Arc::default(),
            thread: None,
        };
        proxy.start();
        proxy
    }

    /// A line that sends token requests this way.
    pub(crate) fn token_endpoint(&self) -> String {
        format!("token_endpoint = 'http://127.0.0.1:{}/token'", self.port)
    }

    /// The next answer that grants something is lost: the connection breaks when it is there.
    pub(crate) fn lose_a_grant(&self) {
        self.lost.fetch_add(1, Ordering::SeqCst);
    }

    /// The server is down.
    pub(crate) fn stop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// The server is up again.
    pub(crate) fn start(&mut self) {
        self.stopping.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let (upstream, lost) = (self.upstream.clone(), Arc::clone(&self.lost));
        let stopping = Arc::clone(&self.stopping);
        self.thread = Some(thread::spawn(move || {
            while !stopping.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((client, _)) => {
                        client.set_nonblocking(false).unwrap();
                        hand_on(&client, &upstream, &lost);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        wait::sleep(Duration::from_millis(5));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

fn hand_on(client: &TcpStream, upstream: &str, lost: &AtomicUsize) {
    let Some(request) = stub::read(client) else { return };
    let (line, rest) = request.text.split_once("\r\n").unwrap();
    let mut server = TcpStream::connect(upstream).unwrap();
    write!(server, "{line}\r\nConnection: close\r\n{rest}").unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    let take = |count: usize| count.checked_sub(1);
    if answer.starts_with(b"HTTP/1.1 200")
        && lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
    {
        return;
    }
    let mut client = client;
    let _ = client.write_all(&answer);
}
