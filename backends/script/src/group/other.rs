//! A program on systems without process groups: what it starts is not ended with it.

use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// A program that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.kill_on_drop(true).spawn()? })
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

    /// Waits for the program's end. Says whether it was a success.
    pub(crate) async fn exited(&mut self) -> io::Result<bool> {
        self.child.wait().await.map(|status| status.success())
    }

    /// There is no way to ask.
    pub(crate) const fn terminate(&self) {
        let _ = self;
    }

    /// Ends the program.
    pub(crate) fn kill(&mut self) {
        // It fails when the program has ended by itself.
        let _ = self.child.start_kill();
    }

    /// The status of a program that has exited.
    pub(crate) fn leave(mut self) -> io::Result<ExitStatus> {
        let status = self.child.try_wait()?;
        status.ok_or_else(|| io::Error::other("the program has not exited"))
    }
}
