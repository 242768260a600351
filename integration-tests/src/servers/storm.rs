//! A way to a server on which things go wrong by chance.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::stub::{Reply, Request, read};
use crate::wait;

/// A relay on loopback. Of a hundred requests, ten each are never sent, answered by a gateway that is
/// out of order, or late by up to 0.7 s; and of as many the answer breaks off or is late by up to 7 s,
/// if answers may get lost.
#[derive(Debug)]
pub struct Storm {
    address: String,
    harmed: Arc<AtomicUsize>,
    weather: Arc<Mutex<Weather>>,
}

/// What a network is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Every request is answered.
    Calm,
    /// Chance decides.
    Stormy,
    /// No request gets through.
    Down,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    NotSent,
    BadGateway,
    Late(Duration),
    BrokenOff,
}

impl Storm {
    /// A relay to the server at `upstream`, on which nothing goes wrong yet. Chance begins at `seed`. `loses` says whether an
    /// answer may get lost: what rotates by being asked is then gone.
    ///
    /// # Panics
    /// When there is no port, or `upstream` is not plain HTTP.
    #[must_use]
    pub fn before(upstream: &str, seed: u64, loses: bool) -> Self {
        let upstream = upstream.strip_prefix("http://").expect("plain HTTP").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let harmed = Arc::new(AtomicUsize::new(0));
        let weather = Arc::new(Mutex::new(Weather::Calm));
        let storm = Self { address, harmed: Arc::clone(&harmed), weather: Arc::clone(&weather) };
        let chance = Arc::new(AtomicU64::new(seed));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (upstream, chance) = (upstream.clone(), Arc::clone(&chance));
                let (harmed, weather) = (Arc::clone(&harmed), Arc::clone(&weather));
                // A side that goes away ends the connection, as it would without us.
                thread::spawn(move || {
                    let request = read(&client)?;
                    let weather = *weather.lock().expect("the weather");
                    let fate = match weather {
                        Weather::Calm => Fate::Answered,
                        Weather::Stormy => Fate::drawn(&chance, loses),
                        Weather::Down => Fate::NotSent,
                    };
                    harmed.fetch_add(usize::from(fate != Fate::Answered), Ordering::Relaxed);
                    carry_out(fate, &client, &upstream, &request).ok()
                });
            }
        });
        storm
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it is like from now on.
    ///
    /// # Panics
    /// When another thread did.
    pub fn turn(&self, weather: Weather) {
        *self.weather.lock().expect("the weather") = weather;
    }

    /// How many requests were not simply answered.
    #[must_use]
    pub fn harmed(&self) -> usize {
        self.harmed.load(Ordering::Relaxed)
    }
}

impl Fate {
    fn drawn(chance: &AtomicU64, loses: bool) -> Self {
        // SplitMix64 (Steele, Lea, Flood 2014): each step of a counter is as good as drawn.
        let step = chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = (mixed ^ (mixed >> 31)) % 10_000;
        let late = Duration::from_millis(drawn % 100 * 7);
        match drawn / 100 {
            0..10 => Self::NotSent,
            10..20 => Self::BadGateway,
            20..30 => Self::Late(late),
            30..35 if loses => Self::Late(late * 10),
            35..40 if loses => Self::BrokenOff,
            _ => Self::Answered,
        }
    }
}

fn carry_out(
    fate: Fate,
    mut client: &TcpStream,
    upstream: &str,
    request: &Request,
) -> io::Result<()> {
    match fate {
        Fate::NotSent => return Ok(()),
        Fate::BadGateway => {
            let Reply::Bytes(reply) = Reply::new(502, &[], "<html>Bad Gateway</html>") else {
                return Ok(());
            };
            return client.write_all(reply.as_bytes());
        }
        Fate::Late(late) => wait::sleep(late),
        Fate::Answered | Fate::BrokenOff => {}
    }
    let mut answer = Vec::new();
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(alone(&request.text).as_bytes())?;
    server.read_to_end(&mut answer)?;
    let sent = if fate == Fate::BrokenOff { answer.len() / 2 } else { answer.len() };
    client.write_all(&answer[..sent])
}

/// The request as the last one of its connection, so that the server ends its answer by closing it.
fn alone(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let keeps = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:");
    let lines: Vec<&str> = head.split("\r\n").filter(keeps).collect();
    format!("{}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n"))
}
