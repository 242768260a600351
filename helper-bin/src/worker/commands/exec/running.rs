//! A program that runs beside us.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::Duration;

use api_key_helper_core::engine::Clock as _;
use rustix::process::{Pid, Signal as Number, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::relay::{Received, Relay};
use crate::world::MachineClock;
use crate::{posix, signals};

/// How long a program has from TERM to KILL when it is to be run anew.
const PATIENCE: Duration = Duration::from_secs(10);

/// A program in our process group, and so with our terminal.
pub(super) struct Running {
    child: Child,
    id: Pid,
    /// Tells that some child has ended.
    child_signals: Signal,
    clock: MachineClock,
    /// When somebody last sent it TERM through us, counted from its start.
    term_at: Option<Duration>,
    /// Whether somebody else wants it to end that we end too.
    is_wanted: bool,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When the system does not.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        // Before the start, so that no end is missed.
        let child_signals = signal(SignalKind::child())?;
        // It would go on with a key that nobody replaces.
        posix::end_with_us(&mut command);
        let child = command.spawn()?;
        let id = Pid::from_raw(child.id().cast_signed())
            .ok_or_else(|| io::Error::other("the program has no process id"))?;
        let clock = MachineClock::start();
        Ok(Self { child, id, child_signals, clock, term_at: None, is_wanted: false })
    }

    /// Waits for its end, and passes on what comes meanwhile.
    pub(super) async fn ended(&mut self, relay: &mut Relay) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::select! {
                received = relay.next() => self.pass_on(received),
                _ = self.child_signals.recv() => {}
            }
        }
    }

    /// Asks it to end, and waits for that; it has [`PATIENCE`]. `None` when that was our doing alone:
    /// the status of a program that ended by itself, or that somebody else wanted to end, is its last.
    pub(super) async fn replaced(&mut self, relay: &mut Relay) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        // Whoever was told TERM may still be at it. The other signals may have meant something else.
        let told = self.term_at.map(|at| self.clock.uptime().saturating_sub(at));
        self.is_wanted = told.is_some_and(|ago| ago < PATIENCE);
        self.send(Number::TERM);
        let status = match tokio::time::timeout(PATIENCE, self.ended(relay)).await {
            Ok(ended) => ended?,
            Err(_) => {
                self.send(Number::KILL);
                self.ended(relay).await?
            }
        };
        Ok(self.is_wanted.then_some(status))
    }

    fn pass_on(&mut self, received: Received) {
        self.is_wanted |= received.ends();
        if received.number == Number::TERM {
            self.term_at = Some(self.clock.uptime());
        }
        if received.is_sent {
            self.send(received.number);
        }
    }

    /// Its id is its own until we have seen its end.
    fn send(&self, number: Number) {
        // It fails when the program has become another user: then it is not ours to end.
        let _ = kill_process(self.id, number);
    }
}

/// Ends this process as the program ended.
pub(super) fn pass_on(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal() {
        signals::die_of(signal);
        return signals::exit_code(u8::try_from(signal).unwrap_or(0));
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}
