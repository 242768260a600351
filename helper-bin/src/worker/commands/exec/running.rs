//! A program that runs beside us.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal as Number, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::relay::Relay;
use crate::signals;

/// How long a program has from TERM to KILL when it is to be run anew.
const PATIENCE: Duration = Duration::from_secs(10);

/// A program in our process group, and so with our terminal.
pub(super) struct Running {
    child: Child,
    id: Pid,
    /// Tells that some child has ended.
    child_signals: Signal,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When the system does not.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        // Before the start, so that no end is missed.
        let child_signals = signal(SignalKind::child())?;
        end_with_us(&mut command);
        let child = command.spawn()?;
        let id = Pid::from_raw(child.id().cast_signed())
            .ok_or_else(|| io::Error::other("the program has no process id"))?;
        Ok(Self { child, id, child_signals })
    }

    /// Waits for its end, and passes on what comes meanwhile.
    pub(super) async fn ended(&mut self, relay: &mut Relay) -> io::Result<ExitStatus> {
        self.ended_and(relay).await.map(|(status, _)| status)
    }

    /// Asks it to end, and waits for that; it has [`PATIENCE`]. `None` when that was our doing alone:
    /// the status of a program that ended by itself, or that somebody else wanted to end, is its last.
    pub(super) async fn replaced(&mut self, relay: &mut Relay) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        self.send(Number::TERM);
        let patient = tokio::time::timeout(PATIENCE, self.ended_and(relay)).await;
        let (status, is_wanted) = match patient {
            Ok(ended) => ended?,
            Err(_) => {
                self.send(Number::KILL);
                self.ended_and(relay).await?
            }
        };
        Ok(is_wanted.then_some(status))
    }

    /// The status of its end, and whether somebody had asked for it meanwhile.
    async fn ended_and(&mut self, relay: &mut Relay) -> io::Result<(ExitStatus, bool)> {
        let mut is_wanted = false;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, is_wanted));
            }
            tokio::select! {
                received = relay.next() => {
                    is_wanted |= received.ends();
                    if received.is_sent {
                        self.send(received.number);
                    }
                }
                _ = self.child_signals.recv() => {}
            }
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

/// A program whose supervisor was killed would go on with a key that nobody replaces: it gets TERM.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no other way to ask for it")]
fn end_with_us(command: &mut Command) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};

    let parent = Some(getpid());
    // SAFETY: between fork and exec only what is async-signal-safe may run (POSIX, fork). getppid is
    // (POSIX.1-2024, 2.4.3 Signal Actions), and prctl is a bare system call; rustix allocates nothing
    // for either, and takes no lock.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Number::TERM))?;
            // Whose parent was gone before that would never be told.
            if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        });
    }
}

/// Other systems have no such call. Not tried.
#[cfg(all(unix, not(target_os = "linux")))]
fn end_with_us(_: &mut Command) {}
