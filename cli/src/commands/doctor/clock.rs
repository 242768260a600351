//! Compares this machine's clock with those of the sources' servers.

use std::time::Duration;

use api_key_helper_core::{ServerTime, server_time};
use api_key_helper_values::Error;

use super::finding::{Check, Finding};
use super::sources::SourceTrial;
use crate::readable::format_duration;
use crate::session::Session;

/// Asks each server for the time.
pub(super) async fn check(session: &Session, asked: &[SourceTrial]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, asked) in session.all_sources().into_iter().zip(asked) {
        let name = &source.planned.id.source;
        let time = session.in_world(async |world| server_time(world, source).await).await;
        let finding = match time {
            Ok(Some(time)) => judge(name, &source.backend_name, &time),
            Ok(None) => continue,
            // The failure to reach the server was reported above.
            Err(_) if asked.answer.is_err() => continue,
            Err(error) => silent(name, &error),
        };
        findings.push(finding.about(name));
    }
    findings
}

fn silent(source: &str, error: &Error) -> Finding {
    let text = format!("the server of `{source}` does not say what time it is: {error}");
    Finding::warning(
        Check::ClockSkew,
        text,
        "compare this machine's clock with another one: `date -u`",
    )
}

fn judge(source: &str, backend: &str, time: &ServerTime) -> Finding {
    let (ahead, behind) = (time.ahead(), time.behind());
    let (off, how) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    if off <= TOLERATED {
        let text = format!("this machine's clock agrees with that of the server of `{source}`");
        return Finding::ok(Check::ClockSkew, text);
    }
    let text = format!(
        "this machine's clock is {} {how} that of the server of `{source}`",
        format_duration(off)
    );
    let hint = "set it, and keep it right: `timedatectl set-ntp true`";
    if backend == "aws" && off > AWS_REFUSES {
        let text = format!("{text}, and aws takes no signature that is off by 5 min");
        return Finding::error(Check::ClockSkew, text, hint);
    }
    Finding::warning(Check::ClockSkew, text, hint)
}

/// A key is printed until 30 s and the caller's hold before it expires. With a larger skew, it
/// could expire in the caller's hands. Claude Code also replaces a JWT 30 s early.
const TOLERATED: Duration = Duration::from_secs(30);

/// "In most cases, a request must reach AWS within five minutes of the time stamp in the request"
/// (IAM User Guide, AWS Signature Version 4 for API requests).
const AWS_REFUSES: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use api_key_helper_values::Moment;

    use super::super::finding::Level;
    use super::*;

    fn level(backend: &str, ours: u64, theirs: u64) -> (Level, String) {
        let [ours, theirs] =
            [ours, theirs].map(|seconds| Moment::from_unix_millis(seconds * 1_000));
        let time = ServerTime { asked_at: ours, answered_at: ours, said: theirs };
        let finding = judge("main", backend, &time);
        (finding.level, finding.text)
    }

    #[test]
    fn doctor_clock_skew_over_30_seconds_is_a_warning() {
        assert_eq!(level("vault", 1_000, 1_030).0, Level::Ok);
        // A date counts whole seconds.
        assert_eq!(level("vault", 1_031, 1_000).0, Level::Ok);
        let (found, text) = level("vault", 1_000, 1_031);
        assert_eq!(found, Level::Warning);
        assert!(text.contains("is 31 s behind"), "{text}");
        let (found, text) = level("oidc", 10_000, 1_000);
        assert_eq!(found, Level::Warning);
        assert!(text.contains("ahead of"), "{text}");
    }

    #[test]
    fn doctor_clock_skew_over_5_minutes_is_an_error_for_aws() {
        assert_eq!(level("aws", 1_000, 1_300).0, Level::Warning);
        assert_eq!(level("aws", 1_000, 1_301).0, Level::Error);
        assert_eq!(level("aws", 1_302, 1_000).0, Level::Error);
    }
}
