//! The time that clients wait for a key, and the time that they use it, as far as both are known.

use std::time::Duration;

use crate::FormatName;

/// Returns how long a client of this format waits for an answer, less the time to start us and to
/// read the answer; `None` if it waits without a limit.
#[must_use]
pub const fn limit(format: FormatName) -> Option<Duration> {
    match format {
        // Claude Desktop stops its helper after 60 s.
        FormatName::ClaudeDesktop => Some(Duration::from_secs(50)),
        // Codex's `timeout_ms` is 5,000 by default.
        FormatName::Codex => Some(Duration::from_secs(4)),
        // The default of `timeout_millis` is 30,000 (AIP-4117).
        FormatName::GoogleExecutable => Some(Duration::from_secs(25)),
        // Claude Code's `headersHelper` has 10 s; its `otelHeadersHelper` 30 s.
        FormatName::Headers => Some(Duration::from_secs(8)),
        _ => None,
    }
}

/// Returns how long a client of this format goes on using a key, where neither an expiry nor the
/// environment says so.
#[must_use]
pub const fn hold(format: FormatName) -> Option<Duration> {
    match format {
        // The default of `refresh_interval_ms`.
        FormatName::Codex => Some(Duration::from_secs(300)),
        _ => None,
    }
}
