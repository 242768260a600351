//! A network in front of a server, with random faults.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::stub::{Reply, Request, read};
use crate::wait;

/// A relay on loopback. Of a hundred requests, ten are not forwarded, ten get a gateway's error,
/// and ten are late by up to 0.7 s. If responses may get lost, ten more break off, and ten are late
/// by up to 7 s.
#[derive(Debug)]
pub struct FaultyNetwork {
    address: String,
    disturbed: Arc<AtomicUsize>,
    condition: Arc<Mutex<Condition>>,
}

/// The condition of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every request is answered.
    Healthy,
    /// Requests fail at random.
    Faulty,
    /// No request gets through.
    Down,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    NotSent,
    BadGateway,
    Late(Duration),
    BrokenOff,
}

impl FaultyNetwork {
    /// Starts a relay to the server at `upstream`, without faults yet. `seed` determines the faults.
    /// `loses` allows that responses get lost, and rotated tokens with them.
    ///
    /// # Panics
    /// There is no port, or `upstream` is not plain HTTP.
    #[must_use]
    pub fn before(upstream: &str, seed: u64, loses: bool) -> Self {
        let upstream = upstream.strip_prefix("http://").expect("plain HTTP").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let disturbed = Arc::new(AtomicUsize::new(0));
        let condition = Arc::new(Mutex::new(Condition::Healthy));
        let network =
            Self { address, disturbed: Arc::clone(&disturbed), condition: Arc::clone(&condition) };
        let chance = Arc::new(AtomicU64::new(seed));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (upstream, chance) = (upstream.clone(), Arc::clone(&chance));
                let (disturbed, condition) = (Arc::clone(&disturbed), Arc::clone(&condition));
                // If one side closes the connection, it ends, as it would without a relay.
                thread::spawn(move || {
                    let request = read(&client)?;
                    let condition = *condition.lock().expect("the condition");
                    let outcome = match condition {
                        Condition::Healthy => Outcome::Answered,
                        Condition::Faulty => Outcome::drawn(&chance, loses),
                        Condition::Down => Outcome::NotSent,
                    };
                    disturbed
                        .fetch_add(usize::from(outcome != Outcome::Answered), Ordering::Relaxed);
                    carry_out(outcome, &client, &upstream, &request).ok()
                });
            }
        });
        network
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sets the condition from now on.
    ///
    /// # Panics
    /// Another thread has panicked.
    pub fn set(&self, condition: Condition) {
        *self.condition.lock().expect("the condition") = condition;
    }

    /// Returns the number of disturbed requests.
    #[must_use]
    pub fn disturbed(&self) -> usize {
        self.disturbed.load(Ordering::Relaxed)
    }
}

impl Outcome {
    fn drawn(chance: &AtomicU64, loses: bool) -> Self {
        // SplitMix64 (Steele, Lea, Flood 2014): each value of a counter gives a random number.
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
    outcome: Outcome,
    mut client: &TcpStream,
    upstream: &str,
    request: &Request,
) -> io::Result<()> {
    match outcome {
        Outcome::NotSent => return Ok(()),
        Outcome::BadGateway => {
            let Reply::Bytes(reply) = Reply::new(502, &[], "<html>Bad Gateway</html>") else {
                return Ok(());
            };
            return client.write_all(reply.as_bytes());
        }
        Outcome::Late(late) => wait::sleep(late),
        Outcome::Answered | Outcome::BrokenOff => {}
    }
    let mut answer = Vec::new();
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(alone(&request.text).as_bytes())?;
    server.read_to_end(&mut answer)?;
    let sent = if outcome == Outcome::BrokenOff { answer.len() / 2 } else { answer.len() };
    client.write_all(&answer[..sent])
}

/// Makes the request the last of its connection, so that the server closes it after the response.
fn alone(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let keeps = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:");
    let lines: Vec<&str> = head.split("\r\n").filter(keeps).collect();
    format!("{}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n"))
}
