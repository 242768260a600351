//! A program that is run to see how it behaves, and not for its key.

use std::fmt;
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep_until, timeout};
use zeroize::Zeroizing;

use crate::group::Group;
use crate::streams::Streams;

/// How a program behaved.
pub struct Observation {
    /// How it ended; `None`: it was killed when its time was over.
    pub status: Option<ExitStatus>,
    /// From its start to its end.
    pub took: Duration,
    /// What it printed, up to a little more than 1 MiB. It may be a secret.
    pub stdout: Zeroizing<Vec<u8>>,
    /// The end of what it said. It may have a secret in it.
    pub stderr: Zeroizing<Vec<u8>>,
    /// Whether something that it left running keeps its stdout open.
    pub holds_stdout: bool,
}

/// Without what it printed and said.
impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("status", &self.status)
            .field("took", &self.took)
            .field("holds_stdout", &self.holds_stdout)
            .finish_non_exhaustive()
    }
}

/// Runs `command` for at most `time`: in a process group of its own, with a stdin on which nothing
/// comes and which does not end.
///
/// # Errors
/// When it does not start, or the system does not tell how it is.
pub async fn observe(
    mut command: std::process::Command,
    time: Duration,
) -> io::Result<Observation> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = Instant::now();
    let mut group = Group::spawn(&mut Command::from(command))?;
    let mut streams = Streams::of(&mut group);
    let mut time_over = pin!(sleep_until(started + time));
    let has_exited = loop {
        tokio::select! {
            biased;
            exited = group.exited() => {
                exited?;
                break true;
            }
            () = &mut time_over => break false,
            () = streams.read() => {}
        }
    };
    let took = started.elapsed();
    let status = if has_exited {
        // What it printed is in the pipe by now: only another process keeps it open longer.
        let _ = timeout(DRAIN, streams.close()).await;
        Some(group.leave()?)
    } else {
        drop(group);
        None
    };
    let holds_stdout = has_exited && streams.is_open();
    let (stdout, stderr) = streams.into_parts();
    Ok(Observation { status, took, stdout, stderr, holds_stdout })
}

const DRAIN: Duration = Duration::from_secs(1);

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn of(script: &str, time: Duration) -> Observation {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", script]);
        observe(command, time).await.unwrap()
    }

    #[tokio::test]
    async fn observed_program_that_ends_gives_exit_code_and_streams_stdout_stderr() {
        let observed = of("echo key; echo why >&2; exit 3", Duration::from_secs(30)).await;
        assert_eq!(observed.status.and_then(|status| status.code()), Some(3));
        assert_eq!((&**observed.stdout, &**observed.stderr), (&b"key\n"[..], &b"why\n"[..]));
        assert!(!observed.holds_stdout);
    }

    #[tokio::test]
    async fn observed_program_that_waits_for_stdin_is_killed() {
        let time = Duration::from_millis(500);
        let observed = of("echo begun; cat", time).await;
        assert!(observed.status.is_none() && observed.took >= time, "{observed:?}");
        assert_eq!(**observed.stdout, *b"begun\n");
    }
}
