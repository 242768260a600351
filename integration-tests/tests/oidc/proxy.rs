//! The network between the helper and the provider.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use integration_tests::servers::OidcProvider;
use integration_tests::wait::LIMIT;

/// Forwards requests and responses, and can hold one of them.
pub(crate) struct Proxy {
    port: u16,
    wire: Arc<Wire>,
    thread: Option<JoinHandle<()>>,
}

struct Wire {
    upstream: String,
    stopping: AtomicBool,
    answers: Mutex<Vec<String>>,
    losing: AtomicBool,
    next_hold: Mutex<Option<NextHold>>,
}

/// A part of a refresh request.
pub(crate) const REFRESH: &str = "grant_type=refresh_token";

/// The point at which a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// The provider has not received the request.
    Request,
    /// The provider has answered, and the helper has not received that.
    Answer,
}

/// The next request to hold.
struct NextHold {
    point: Point,
    /// A part of the request.
    mark: &'static str,
    stops: Sender<Stop>,
}

/// The thread of a held connection.
struct Stop {
    go_on: Sender<()>,
    delivered: Receiver<()>,
}

/// A request that is held, or will be. When this is dropped, its connection breaks.
pub(crate) struct Hold {
    stops: Receiver<Stop>,
}

/// A request that is held now. When this is dropped, its connection breaks.
pub(crate) struct Paused {
    stop: Stop,
}

impl Proxy {
    pub(crate) fn to(provider: &OidcProvider) -> Self {
        let wire = Wire {
            upstream: provider.issuer().trim_start_matches("http://").to_owned(),
            stopping: AtomicBool::default(),
            answers: Mutex::default(),
            losing: AtomicBool::default(),
            next_hold: Mutex::default(),
        };
        let mut proxy = Self { port: 0, wire: Arc::new(wire), thread: None };
        proxy.start();
        proxy
    }

    /// Returns the lines of a source that send all requests through this proxy.
    pub(crate) fn endpoints(&self) -> String {
        self.line("device_authorization_endpoint", "/device/auth") + &self.later_endpoints()
    }

    /// Returns the same for a login by a browser.
    pub(crate) fn later_endpoints(&self) -> String {
        self.line("token_endpoint", "/token")
            + &self.line("revocation_endpoint", "/token/revocation")
            + &self.line("jwks_uri", "/jwks")
    }

    fn line(&self, key: &str, path: &str) -> String {
        format!("{key} = \"http://127.0.0.1:{}{path}\"\n", self.port)
    }

    /// Holds the next request that contains `mark` at `point`.
    pub(crate) fn hold(&self, point: Point, mark: &'static str) -> Hold {
        let (sender, stops) = channel();
        *self.wire.next_hold.lock().unwrap() = Some(NextHold { point, mark, stops: sender });
        Hold { stops }
    }

    /// Breaks the connection of the next granted request before its response.
    pub(crate) fn lose_a_grant(&self) {
        self.wire.losing.store(true, Ordering::SeqCst);
    }

    /// Returns all responses of the provider so far.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.wire.answers.lock().unwrap().clone()
    }

    /// Refuses connections from now on.
    pub(crate) fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.wire.stopping.store(true, Ordering::SeqCst);
            // The thread waits for a connection.
            let _ = TcpStream::connect(("127.0.0.1", self.port));
            thread.join().unwrap();
        }
    }

    /// Accepts connections again.
    pub(crate) fn start(&mut self) {
        self.wire.stopping.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let wire = Arc::clone(&self.wire);
        self.thread = Some(thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if wire.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let wire = Arc::clone(&wire);
                // If one side closes the connection, the other side sees that, and the thread ends.
                thread::spawn(move || wire.hand_on(&client));
            }
        }));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Wire {
    fn hand_on(&self, client: &TcpStream) -> Option<()> {
        let request = read(client)?;
        let is_meant = |hold: &mut NextHold| request.contains(hold.mark);
        let mut hold = self.next_hold.lock().unwrap().take_if(is_meant);
        let mut delivered = None;
        let mut stop_at = |here| {
            let Some(NextHold { stops, .. }) = hold.take_if(|hold| hold.point == here) else {
                return Some(());
            };
            let (go_on, goes_on) = channel();
            let (sender, receiver) = channel();
            stops.send(Stop { go_on, delivered: receiver }).ok()?;
            delivered = Some(sender);
            goes_on.recv().ok()
        };
        stop_at(Point::Request)?;
        let (line, rest) = request.split_once("\r\n")?;
        let mut server = TcpStream::connect(&self.upstream).ok()?;
        write!(server, "{line}\r\nConnection: close\r\n{rest}").ok()?;
        let mut answer = String::new();
        server.read_to_string(&mut answer).ok()?;
        self.answers.lock().unwrap().push(answer.clone());
        stop_at(Point::Answer)?;
        if answer.starts_with("HTTP/1.1 200") && self.losing.swap(false, Ordering::SeqCst) {
            return None;
        }
        let mut client = client;
        client.write_all(answer.as_bytes()).ok()?;
        client.shutdown(Shutdown::Write).ok()?;
        // The receiver may be gone.
        delivered.map(|delivered| delivered.send(()));
        Some(())
    }
}

impl Hold {
    /// Waits until the request is held.
    #[track_caller]
    pub(crate) fn reached(self) -> Paused {
        Paused { stop: self.stops.recv_timeout(LIMIT).expect("no such request comes") }
    }
}

impl Paused {
    /// Resumes the request.
    pub(crate) fn resume(self) {
        // The thread may have ended.
        let _ = self.stop.go_on.send(());
    }

    /// Resumes the request, and waits until the helper's side has the whole response.
    #[track_caller]
    pub(crate) fn deliver(self) {
        self.stop.go_on.send(()).unwrap();
        self.stop.delivered.recv_timeout(LIMIT).expect("the answer did not arrive");
    }
}

fn read(stream: &TcpStream) -> Option<String> {
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
    Some(text + &String::from_utf8(body).ok()?)
}
