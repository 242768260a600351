//! A process group whose leader is our child.

use std::io;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal as Number, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A process group that gets KILL when this is dropped, unless [`Group::leave`] was called.
///
/// The group's id is the leader's process id. A system may give both to strangers once the leader
/// was reaped and the group is empty, so nothing here reaps the leader as long as a signal may
/// still be sent: its end is observed with `WNOWAIT`, which leaves it as it is. A dead leader that
/// was not reaped is still there, and keeps both ids from being used again (POSIX.1, base
/// definitions, chapter 4, "Process ID Reuse"). So no signal can reach a stranger.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Pid,
    child: Child,
    child_signals: Signal,
    is_armed: bool,
}

impl Group {
    /// Starts `command` in a group of its own: TERM then reaches all of it and nothing else, and a
    /// Ctrl-C at the terminal is for us to pass on.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        // Before the start, so that no end is missed. Where we inherited that SIGCHLD is ignored,
        // this undoes it: the kernel would reap by itself, and its status would be lost.
        let child_signals = signal(SignalKind::child())?;
        let child = command.process_group(0).spawn()?;
        let leader = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .ok_or_else(|| io::Error::other("the program has no process id"))?;
        Ok(Self { leader, child, child_signals, is_armed: true })
    }

    pub(crate) const fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) const fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    pub(crate) const fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for the leader's end without reaping it. Says whether it was a success.
    pub(crate) async fn exited(&mut self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            match waitid(WaitId::Pid(self.leader), options) {
                Ok(Some(status)) => return Ok(status.exit_status() == Some(0)),
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if self.child_signals.recv().await.is_none() {
                return Err(io::Error::other("the runtime no longer reports signals"));
            }
        }
    }

    /// Asks the group to end.
    pub(crate) fn terminate(&self) {
        self.send(Number::TERM);
    }

    /// Ends the group.
    pub(crate) fn kill(&self) {
        self.send(Number::KILL);
    }

    /// Reaps a leader that has exited, and leaves alone what else is in its group.
    pub(crate) fn leave(mut self) -> io::Result<ExitStatus> {
        let status = self.child.try_wait()?;
        self.is_armed = false;
        status.ok_or_else(|| io::Error::other("the program has not exited"))
    }

    fn send(&self, number: Number) {
        // It fails when all members have become another user: then they are not ours to end.
        let _ = kill_process_group(self.leader, number);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.is_armed {
            self.kill();
        }
    }
}
