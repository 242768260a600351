//! Fetches a new key from each source, and checks its lifetime.

use std::slice;
use std::time::Duration;

use api_key_helper_cache::{Demand, Policy, Validity};
use api_key_helper_config::Profile;
use api_key_helper_core::{Call, Clock as _, Outcome, Source, get};
use api_key_helper_values::{Error, ErrorKind, Moment};

use super::finding::{Check, Finding, Level};
use super::show::Sheet;
use crate::readable::{format_duration, relative};
use crate::session::{Session, now};

/// The result of asking one source.
#[derive(Debug)]
pub(super) struct SourceTrial {
    pub(super) source: String,
    /// Set if the profile names the source, and not only another source.
    pub(super) is_of_profile: bool,
    /// The source that it uses and that gave no key. Then it was not asked.
    waits_for: Option<String>,
    pub(super) answer: Result<KeyFacts, Error>,
    /// Other warnings of the fetch.
    warnings: Vec<String>,
    /// The duration of all attempts and waits.
    took: Duration,
}

/// The known facts of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyFacts {
    /// The number of characters.
    length: usize,
    /// The validity; `None` if the key could not be cached.
    pub(super) validity: Option<Validity>,
}

/// Asks all sources in turn, each after those that it uses. A source is skipped if one of these
/// gave no key: it would only fail for the same reason.
pub(super) async fn ask(session: &Session, sheet: &Sheet) -> Vec<SourceTrial> {
    let mut all: Vec<SourceTrial> = Vec::new();
    for source in session.all_sources() {
        let is_used = |asked: &&SourceTrial| {
            source.uses.iter().any(|used| used.planned.id.source == asked.source)
        };
        let failed = all
            .iter()
            .filter(is_used)
            .find_map(|asked| Some((asked.source.clone(), asked.answer.as_ref().err()?.clone())));
        let is_of_profile = session.is_of_profile(source);
        all.push(match failed {
            Some((used, error)) => SourceTrial {
                source: source.planned.id.source.clone(),
                is_of_profile,
                waits_for: Some(used),
                answer: Err(error),
                warnings: Vec::new(),
                took: Duration::ZERO,
            },
            None => {
                sheet.wait_for(&format!("asking `{}`", source.planned.id.source));
                SourceTrial { is_of_profile, ..session.prove(source).await }
            }
        });
    }
    all
}

impl Session {
    /// Fetches a new key from `source` alone, as `get --refresh` would: single-flight, saved and
    /// logged. An older key does not count as an answer.
    async fn prove(&self, source: &Source) -> SourceTrial {
        let chain = self.environment.chain();
        // Under this policy a key expires as soon as it arrives.
        let policy = Policy {
            ttl: Duration::ZERO,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            ..self.profile.policy
        };
        let call = Call {
            profile: &self.profile.name,
            policy: &policy,
            hold: Duration::ZERO,
            deadline: self.profile.deadline,
            demand: Demand::FetchedSince(now(&self.clock)),
            chain: &chain,
        };
        let started = self.clock.uptime();
        let Outcome { answer, warnings } =
            self.in_world(async |world| get(world, slice::from_ref(source), &call).await).await;
        let took = self.clock.uptime().saturating_sub(started);
        let given = answer.map(|answer| KeyFacts {
            length: answer.key.expose().len(),
            validity: self.cached(source).map(|entry| entry.validity),
        });
        SourceTrial {
            source: source.planned.id.source.clone(),
            is_of_profile: true,
            waits_for: None,
            answer: given,
            warnings,
            took,
        }
    }
}

/// Judges the answers for the profile.
pub(super) fn judge(asked: &[SourceTrial], profile: &Profile, now: Moment) -> Vec<Finding> {
    let of_profile = asked.iter().filter(|asked| asked.is_of_profile);
    let kinds = of_profile.map(|asked| asked.answer.as_ref().err().map(Error::kind));
    let has_key = answers(kinds);
    asked.iter().flat_map(|asked| about(asked, has_key, profile, now)).collect()
}

/// Returns whether a profile gives a key if its sources end like this. `None` means a key.
fn answers(sources: impl IntoIterator<Item = Option<ErrorKind>>) -> bool {
    for ended in sources {
        match ended {
            None => return true,
            Some(kind) if kind.asks_next_source() => {}
            Some(_) => return false,
        }
    }
    false
}

fn about(asked: &SourceTrial, has_key: bool, profile: &Profile, now: Moment) -> Vec<Finding> {
    let SourceTrial { source, is_of_profile, waits_for, answer, warnings, took } = asked;
    let took = took.as_millis();
    // If another source answers, the caller still has a key.
    let level = if has_key { Level::Warning } else { Level::Error };
    let mut findings = Vec::new();
    match (answer, waits_for) {
        (Err(_), Some(used)) => {
            let text = format!("`{source}` was not asked: it uses `{used}`, which gave no key");
            let hint = format!("see what is said of `{used}`");
            findings.push(Finding { level, ..Finding::error(Check::SourceAnswers, text, hint) });
        }
        (Err(error), None) => {
            let finding = Finding::of(Check::SourceAnswers, error);
            let text = format!("`{source}` gave no key in {took} ms: {}", finding.text);
            findings.push(Finding { text, level, ..finding });
        }
        (Ok(given), _) => {
            let text = format!("`{source}` gave a key in {took} ms");
            findings.push(if warnings.is_empty() {
                Finding::ok(Check::SourceAnswers, text)
            } else {
                let text = format!("{text}, but {}", warnings.join(", "));
                Finding::warning(
                    Check::SourceAnswers,
                    text,
                    "see what it says, and the checks of the state folder",
                )
            });
            let text = format!("the key of `{source}` can be printed: {} characters", given.length);
            findings.push(Finding::ok(Check::KeyPrintable, text));
            // Only keys of the profile's own sources are held by callers.
            let hold = profile.hold.fixed.filter(|_| *is_of_profile);
            findings.extend(given.validity.map(|validity| lifetime(source, &validity, hold, now)));
        }
    }
    findings.into_iter().map(|finding| finding.about(source)).collect()
}

/// Judges a key's lifetime by the profile's `hold`, if it has one. The client's own hold is judged
/// by its TTL.
fn lifetime(source: &str, validity: &Validity, hold: Option<Duration>, now: Moment) -> Finding {
    let check = Check::KeyLifetime;
    let Some(end) = validity.expires_at else {
        let text = format!("the key of `{source}` does not say when it ends");
        return Finding::ok(check, text);
    };
    let life = end.since(validity.fetched_at);
    let text = format!(
        "the key of `{source}` lives {}, and ends {}",
        format_duration(life),
        relative(end, now)
    );
    match hold {
        Some(hold) if hold > longest_hold(life) => Finding::warning(
            check,
            format!(
                "{text}; the profile's callers hold it {}, past its end",
                format_duration(hold)
            ),
            format!("set `hold` to at most `{}s`", longest_hold(life).as_secs()),
        ),
        _ => Finding::ok(check, text),
    }
}

/// The longest `hold` for a key with this lifetime, so that no caller uses it after its expiry. A
/// printed key has at least half of its lifetime left (`docs/internals/architecture.md`); 30 s are
/// reserved for the request.
pub(super) fn longest_hold(life: Duration) -> Duration {
    (life / 2).saturating_sub(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doctor_takes_the_first_source_that_answers_unless_denied() {
        use ErrorKind::{Denied, NeedsLogin, NotFound, Transient};

        assert!(answers([None]));
        assert!(answers([Some(Transient), Some(NotFound), None]));
        assert!(answers([None, Some(Denied)]));
        assert!(!answers([Some(NeedsLogin), None]));
        assert!(!answers([Some(Denied), None]));
        assert!(!answers([Some(Transient), Some(Transient)]));
        assert!(!answers([]));
    }

    #[test]
    fn doctor_warns_when_hold_exceeds_half_of_lifetime() {
        let now = Moment::from_unix_millis(10_000_000);
        let validity = Validity {
            fetched_at: now,
            expires_at: Some(now.plus(Duration::from_secs(600))),
            refresh_at: None,
            jitter: 0.0,
        };
        let judged = |hold| lifetime("main", &validity, hold, now);
        assert_eq!(judged(None).level, Level::Ok);
        assert_eq!(judged(Some(Duration::from_secs(270))).level, Level::Ok);
        let finding = judged(Some(Duration::from_secs(271)));
        assert_eq!(finding.level, Level::Warning);
        assert_eq!(finding.hint.as_deref(), Some("set `hold` to at most `270s`"));
        assert!(finding.text.contains("lives 10 min 0 s, and ends in 10 min 0 s"), "{finding:?}");
    }
}
