//! The end that comes from outside: what was started is ended too, and locks are released.

use std::process::ExitCode;

#[cfg(unix)]
use crate::posix;

/// Waits until somebody wants this process to end, and says by which signal. What the caller had
/// ignored, as `nohup` does, stays so.
#[cfg(unix)]
pub(crate) async fn ended() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};

    let mut streams = Vec::new();
    for number in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        if posix::is_ignored(number.as_raw_value()) {
            continue;
        }
        // A signal that cannot be watched ends the process by its default action.
        if let Ok(stream) = signal(number) {
            streams.push((number, stream));
        }
    }
    std::future::poll_fn(|context| {
        for (number, stream) in &mut streams {
            if stream.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(u8::try_from(number.as_raw_value()).unwrap_or(0));
            }
        }
        std::task::Poll::Pending
    })
    .await
}

/// Ctrl-C only. Not tried.
#[cfg(not(unix))]
pub(crate) async fn ended() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => 2,
        Err(_) => std::future::pending().await,
    }
}

/// The exit code that shells give a process which a signal ended.
pub(crate) fn exit_code(signal: u8) -> ExitCode {
    ExitCode::from(128_u8.saturating_add(signal))
}

/// Ends this process as `signal` ended another one, so that whoever waits for it sees the same. It
/// returns for a signal that ends nobody.
#[cfg(unix)]
pub(crate) fn die_of(signal: i32) {
    posix::restore_default(signal);
    if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }
}
