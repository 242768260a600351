//! The signals that somebody sends us and means the program.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::posix;

/// The signals that reach this process.
pub(super) struct Relay {
    streams: Vec<(Number, Signal)>,
}

/// A signal that reached this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) number: Number,
    /// Whether a process sent it. What the terminal sends, it sends to the program too, which is in
    /// our process group.
    pub(super) is_sent: bool,
}

impl Relay {
    /// Takes them from here on. What the caller had ignored, the program ignores too.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(super) fn begin() -> io::Result<Self> {
        let mut streams = Vec::new();
        for number in PASSED_ON {
            let raw = number.as_raw();
            if !posix::is_ignored(raw) {
                posix::when_a_process_sends(raw, note_sent)?;
                streams.push((number, signal(SignalKind::from_raw(raw))?));
            }
        }
        Ok(Self { streams })
    }

    /// Waits until somebody wants us to end while there is no program, and says by which signal.
    pub(super) async fn ended(&mut self) -> u8 {
        loop {
            let received = self.next().await;
            if received.ends() {
                return u8::try_from(received.number.as_raw()).unwrap_or(0);
            }
        }
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Received {
        poll_fn(|context| {
            for (number, stream) in &mut self.streams {
                if stream.poll_recv(context).is_ready() {
                    let bit = bit(number.as_raw());
                    let is_sent = SENT.fetch_and(!bit, Ordering::SeqCst) & bit != 0;
                    return Poll::Ready(Received { number: *number, is_sent });
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl Received {
    /// Whether it asks for the end.
    pub(super) fn ends(self) -> bool {
        [Number::HUP, Number::INT, Number::QUIT, Number::TERM].contains(&self.number)
    }
}

/// Job control is none of these: it stops and continues a process group, and so both of us.
const PASSED_ON: [Number; 7] = [
    Number::HUP,
    Number::INT,
    Number::QUIT,
    Number::TERM,
    Number::USR1,
    Number::USR2,
    Number::WINCH,
];

/// The numbers of the signals that a process sent, and that nobody has taken yet, as bits.
static SENT: AtomicU64 = AtomicU64::new(0);

/// Runs in a signal handler.
fn note_sent(number: i32) {
    SENT.fetch_or(bit(number), Ordering::SeqCst);
}

const fn bit(number: i32) -> u64 {
    1 << number
}
