//! The callers, who request keys all the time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use integration_tests::call::Answer;
use integration_tests::wait::{now, since, sleep};

use crate::ledger::Printed;
use crate::sources::Sources;

/// The deadline of a call, the time after which a late call ends itself, and a margin for a machine
/// under load.
const LONGEST: Duration = Duration::from_secs(5 + 5 + 2);

/// The results of the calls for one profile.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) keys: usize,
    /// The errors, by exit code.
    pub(crate) errors: BTreeMap<i32, usize>,
    pub(crate) warned: usize,
    pub(crate) took: Vec<Duration>,
    pub(crate) wrong: Vec<String>,
}

/// Requests the key of `profile` until `is_over`.
pub(crate) fn ask(
    sources: &Sources,
    profile: &'static str,
    outcome: &Mutex<Outcome>,
    is_over: &AtomicBool,
) {
    for number in 0_u64.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        // Most calls are those of clients, and some force a refresh.
        let arguments: &[&str] = if number % 16 == 9 { &["get", "--refresh"] } else { &["get"] };
        let call = sources.call(profile, arguments);
        let (called, called_at) = (now(), clock());
        let answer = call.run();
        let took = since(called);
        let printed = Printed { key: &answer.stdout, called, called_at, ended: now() };
        let found = judge(sources, profile, &answer, printed, took);
        {
            let mut outcome = outcome.lock().expect("the outcome");
            outcome.took.push(took);
            outcome.warned += usize::from(answer.code == Some(0) && !answer.stderr.is_empty());
            match answer.code {
                Some(0) => outcome.keys += 1,
                code => *outcome.errors.entry(code.unwrap_or(-1)).or_default() += 1,
            }
            outcome.wrong.extend(found.err());
        }
        if number % 8 != 7 {
            sleep(Duration::from_millis(100));
        }
    }
}

fn judge(
    sources: &Sources,
    profile: &'static str,
    answer: &Answer,
    printed: Printed<'_>,
    took: Duration,
) -> Result<(), String> {
    let wrong = |why: String| Err(format!("{profile}: {why}: {answer:?}"));
    if took > LONGEST {
        return wrong(format!("it took {took:?}"));
    }
    match answer.code {
        Some(0) => sources.check(profile, printed).or_else(wrong),
        // The sources fail only temporarily.
        Some(1) if answer.stdout.is_empty() && is_error(&answer.stderr) => Ok(()),
        _ => wrong("no error that there can be".to_owned()),
    }
}

fn is_error(stderr: &str) -> bool {
    let mut lines = stderr.lines();
    let mut next_is = |mark| lines.next().is_some_and(|line| line.starts_with(mark));
    next_is("api-key-helper: error: ") && next_is("api-key-helper: hint: ")
}

/// Returns the current time.
#[expect(clippy::disallowed_methods, reason = "keys end by the wall clock")]
pub(crate) fn clock() -> SystemTime {
    SystemTime::now()
}
