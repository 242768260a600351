//! Termination by a signal: child processes are ended too, and locks are released.

use std::process::ExitCode;

#[cfg(unix)]
use crate::process::posix;

/// Waits for a signal to terminate, and returns its number. Signals that the caller ignored, as
/// `nohup` does, stay ignored.
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

/// Waits for Ctrl-C, Ctrl-Break, or the end of the console or of the session.
#[cfg(windows)]
pub(crate) async fn ended() -> u8 {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    let (Ok(mut interrupt), Ok(mut stop), Ok(mut close), Ok(mut logoff), Ok(mut shutdown)) =
        (ctrl_c(), ctrl_break(), ctrl_close(), ctrl_logoff(), ctrl_shutdown())
    else {
        return std::future::pending().await;
    };
    // The numbers of SIGINT and SIGTERM.
    tokio::select! {
        _ = interrupt.recv() => 2,
        _ = stop.recv() => 15,
        _ = close.recv() => 15,
        _ = logoff.recv() => 15,
        _ = shutdown.recv() => 15,
    }
}

/// The exit code that shells report for a process killed by a signal.
pub(crate) fn exit_code(signal: u8) -> ExitCode {
    ExitCode::from(128_u8.saturating_add(signal))
}
