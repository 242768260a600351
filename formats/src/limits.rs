//! How long clients wait, and how long they go on using a key, where that is known.

use std::time::Duration;

use crate::FormatName;

/// How long a client waits for an answer in this format, less what it takes to start us and to read
/// it; `None` for those that wait for as long as it takes.
#[must_use]
pub const fn limit(format: FormatName) -> Option<Duration> {
    match format {
        // It ends its helper after 60 s.
        FormatName::ClaudeDesktop => Some(Duration::from_secs(50)),
        // Its `timeout_ms` is 5,000 where nobody sets it.
        FormatName::Codex => Some(Duration::from_secs(4)),
        // `timeout_millis` is 30,000 where nobody sets it (AIP-4117).
        FormatName::GoogleExecutable => Some(Duration::from_secs(25)),
        // Claude Code's `headersHelper` has 10 s; its `otelHeadersHelper` 30.
        FormatName::Headers => Some(Duration::from_secs(8)),
        _ => None,
    }
}

/// How long a client goes on using a key that it was given in this format, where neither an end that
/// it is given nor its environment says so.
#[must_use]
pub const fn hold(format: FormatName) -> Option<Duration> {
    match format {
        // Its `refresh_interval_ms`, where nobody sets it.
        FormatName::Codex => Some(Duration::from_secs(300)),
        _ => None,
    }
}
