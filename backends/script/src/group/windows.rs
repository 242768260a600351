//! A program in a job object.

use std::io;
use std::process::ExitStatus;

use api_key_helper_system::windows::{Job, SUSPENDED};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// A program and all that it starts, which are ended when this is dropped, unless [`Group::leave`]
/// was called; and also when this process ends, however that comes about.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    /// `None`: the program was left.
    job: Option<Job>,
}

impl Group {
    /// Starts `command` suspended, and lets it run when it is in the job: so it starts nothing
    /// outside.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let job = Job::empty()?;
        let child = command.creation_flags(SUSPENDED).kill_on_drop(true).spawn()?;
        // The child's handle keeps its id from being another's.
        let id = child.id().ok_or_else(|| io::Error::other("the program has no process id"))?;
        job.begin(id)?;
        Ok(Self { child, job: Some(job) })
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

    /// There is no way to ask a program without a window.
    pub(crate) const fn terminate(&self) {
        let _ = self;
    }

    /// Ends all that are in the job.
    pub(crate) fn kill(&mut self) {
        if let Some(job) = &self.job {
            job.end();
        }
    }

    /// The status of a program that has exited. What it has left running is left alone.
    pub(crate) fn leave(mut self) -> io::Result<ExitStatus> {
        let status = self.child.try_wait()?;
        if let Some(job) = self.job.take() {
            job.release();
        }
        status.ok_or_else(|| io::Error::other("the program has not exited"))
    }
}
