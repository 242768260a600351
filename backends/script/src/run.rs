//! A running program, from its start to its end.

use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use crate::group::Group;
use crate::streams::Streams;

/// The longest time between TERM and the end of the attempt.
const GRACE: Duration = Duration::from_secs(1);
/// The longest wait for the end of the output after the program has exited. What the program itself
/// printed is in the pipe by then: this is for a `tee` behind it, and it is what a process that
/// keeps stdout open can cost.
const DRAIN: Duration = Duration::from_millis(200);
/// The longest time that a program is given.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How a program ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// By us, after so long.
    TimedOut(Duration),
    /// By us, for what it printed was too long.
    TooLong,
}

/// When a program must have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    started: Instant,
    /// How long it may run before it gets TERM.
    allowed: Duration,
    /// From TERM to the end of the attempt, when our caller stops waiting for us. KILL comes half
    /// way, so that a quarter is for its effect and a quarter for us to say what happened.
    grace: Duration,
}

impl Limit {
    /// The limit of an attempt that starts now.
    pub(crate) fn new(time_left: Duration) -> Self {
        let time_left = time_left.min(LONGEST);
        let grace = GRACE.min(time_left / 10);
        Self { started: Instant::now(), allowed: time_left - grace, grace }
    }
}

/// Reads what `group` prints until its leader has ended, by itself or by us.
///
/// # Errors
/// When the system does not tell how the leader is.
pub(crate) async fn attend(mut group: Group, limit: Limit) -> io::Result<(End, Streams)> {
    let mut streams = Streams::of(&mut group);
    let exited = watch(&mut group, &mut streams, limit).await?;
    let end = if streams.is_too_long() {
        End::TooLong
    } else if exited {
        return Ok((End::Exited(group.leave()?), streams));
    } else {
        End::TimedOut(limit.allowed)
    };
    group.terminate();
    // Its last words are read: a full pipe would hold it up.
    let last_words = async { tokio::join!(group.exited(), streams.close()) };
    let _ = timeout(limit.grace / 2, last_words).await;
    group.kill();
    // Waited for only to be reaped, so in vain is no matter.
    let _ = timeout(limit.grace / 4, group.exited()).await;
    Ok((end, streams))
}

/// Reads until the leader has exited and its output is there, the output is too long, or the time
/// is over. Says whether the leader has exited.
async fn watch(group: &mut Group, streams: &mut Streams, limit: Limit) -> io::Result<bool> {
    let mut time_over = pin!(sleep_until(limit.started + limit.allowed));
    let succeeded = loop {
        tokio::select! {
            // A program that has just made it has made it, and one that never stops printing must
            // not hide the rest.
            biased;
            succeeded = group.exited() => break succeeded?,
            () = &mut time_over => return Ok(false),
            () = streams.read() => if streams.is_too_long() {
                return Ok(false);
            },
        }
    };
    let _ = timeout(DRAIN, streams.finish(succeeded)).await;
    Ok(true)
}
