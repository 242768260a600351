//! Checks the TTL of Claude Code against the key's lifetime and the helper's cache.

use std::time::Duration;

use api_key_helper_cache::CLIENT_TTL_DEFAULT;
use api_key_helper_clients::claude_code::TTL_VARIABLE;

use super::finding::{Check, Finding};
use super::sources::longest_hold;
use crate::readable::format_duration;

/// The facts for judging a TTL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ttl<'a> {
    /// The value as written, and its place.
    pub(super) set: Option<(&'a str, &'a str)>,
    /// Set if the helper is an api-key-helper, which has a cache.
    pub(super) is_ours: bool,
    /// The key's lifetime, if known.
    pub(super) life: Option<Duration>,
}

impl Ttl<'_> {
    pub(super) fn judge(&self) -> Finding {
        let check = Check::ClientTtl;
        let (text, held) = match self.set {
            None => (
                format!("`{TTL_VARIABLE}` is not set: Claude Code goes on using a key for 5 min"),
                CLIENT_TTL_DEFAULT,
            ),
            Some((value, place)) => match millis(value) {
                Some(millis) => {
                    let held = Duration::from_millis(millis);
                    (
                        format!("Claude Code goes on using a key for {}, by {place}", spoken(held)),
                        held,
                    )
                }
                None => return not_a_number(value, place),
            },
        };
        if held.is_zero() {
            let text = format!("{text}: it runs the helper for every request");
            return Finding::warning(check, text, MEND);
        }
        match self.life {
            Some(life) if held > longest_hold(life) => Finding::warning(
                check,
                format!(
                    "{text}, and the key lives {}: it is held past its end unless the TTL is at most \
                     half of that, less 30 s",
                    format_duration(life)
                ),
                MEND,
            ),
            _ if !self.is_ours && held < WITHOUT_CACHE => Finding::warning(
                check,
                format!("{text}, and the helper has no cache: so often its source is asked"),
                format!("set it to {} ms at least, or {MEND}", WITHOUT_CACHE.as_millis()),
            ),
            _ => Finding::ok(check, text),
        }
    }
}

/// Parses a value of digits only. Claude Code ignores everything after the digits.
fn millis(value: &str) -> Option<u64> {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(u64::MAX))
}

fn not_a_number(value: &str, place: &str) -> Finding {
    let digits = value.trim_start().bytes().take_while(u8::is_ascii_digit).count();
    let acts = match digits {
        0 => String::new(),
        // Digits are no secret. The rest could be one, set in the wrong variable.
        _ => format!(": it acts as {} ms", &value.trim_start()[..digits.min(LONGEST_SHOWN)]),
    };
    let text = format!("`{TTL_VARIABLE}` in {place} is not a whole number of milliseconds{acts}");
    Finding::error(Check::ClientTtl, text, MEND)
}

fn spoken(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        _ => format_duration(duration),
    }
}

const MEND: &str = "run `api-key-helper apply`, which sets what suits the key";
/// The shortest sensible TTL for a helper without a cache, which asks its source at each run.
const WITHOUT_CACHE: Duration = Duration::from_secs(30 * 60);
const LONGEST_SHOWN: usize = 6;

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn judged(value: Option<&str>, is_ours: bool, life_seconds: Option<u64>) -> Finding {
        let life = life_seconds.map(Duration::from_secs);
        Ttl { set: value.map(|value| (value, "the environment")), is_ours, life }.judge()
    }

    #[test]
    fn doctor_reports_a_claude_code_ttl_with_a_unit() {
        for (value, acts) in
            [("1h", "acts as 1 ms"), ("5 min", "acts as 5 ms"), ("1e6", "acts as 1 ms")]
        {
            let finding = judged(Some(value), true, None);
            assert_eq!(finding.level, Level::Error, "{value}");
            assert!(finding.text.ends_with(acts), "{finding:?}");
        }
        for value in ["-1", "soon", "1.5", "+5", "sk-canary"] {
            let finding = judged(Some(value), true, None);
            assert_eq!(finding.level, Level::Error, "{value}");
            assert!(!finding.text.contains("canary"), "{finding:?}");
        }
    }

    #[test]
    fn doctor_warns_when_ttl_exceeds_half_of_lifetime() {
        assert_eq!(judged(Some("1770000"), true, Some(3_600)).level, Level::Ok);
        assert_eq!(judged(Some("1770001"), true, Some(3_600)).level, Level::Warning);
        assert_eq!(
            judged(Some("99999999999999999999999"), true, Some(3_600)).level,
            Level::Warning
        );
        assert_eq!(judged(Some("3600000"), true, None).level, Level::Ok);
        // An unset variable acts as five minutes.
        assert_eq!(judged(None, true, Some(660)).level, Level::Ok);
        assert_eq!(judged(None, true, Some(659)).level, Level::Warning);
    }

    #[test]
    fn doctor_warns_of_a_short_ttl_for_an_uncached_helper() {
        assert_eq!(judged(Some("1800000"), false, None).level, Level::Ok);
        assert_eq!(judged(Some("1799999"), false, None).level, Level::Warning);
        assert_eq!(judged(None, false, None).level, Level::Warning);
        assert_eq!(judged(None, true, None).level, Level::Ok);
        assert_eq!(judged(Some("0"), true, None).level, Level::Warning);
    }
}
