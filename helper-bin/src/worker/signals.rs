//! The end that comes from outside: what was started is ended too, and locks are released.

use std::process::ExitCode;

/// Waits until somebody wants this process to end, and says by which signal.
#[cfg(unix)]
pub(crate) async fn ended() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};

    let mut streams = Vec::new();
    for number in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
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
    ExitCode::from(128 + signal)
}
