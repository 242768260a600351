//! Runs ten callers with every backend for ten minutes, with random network faults and constant key
//! rotation: `soak [--minutes N | --seconds N]`. Prints a table, and exits with 1 if a key was
//! wrong or anything was left behind.

#![expect(clippy::expect_used, reason = "as in a test, what cannot go on panics")]
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

mod callers;
mod ledger;
mod sources;
mod watch;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use integration_tests::servers::faulty_network::Condition;
use integration_tests::wait::{now, since, sleep};

use crate::callers::Outcome;
use crate::sources::{NAMES, Sources};
use crate::watch::Peak;

/// Two for each source.
const CALLERS: usize = 2 * NAMES.len();
/// The interval at which the keys of all sources are replaced.
const ROTATION: Duration = Duration::from_secs(3);
/// The number of rotations from the start of one outage of all sources to the next.
const OUTAGE_EVERY: usize = 20;
/// The number of rotations that an outage lasts: longer than `stale_if_error`, and than any key's
/// lifetime.
const OUTAGE_ENDS: usize = 6;

fn main() -> ExitCode {
    let Some(duration) = duration() else {
        println!("usage: soak [--minutes N | --seconds N]");
        return ExitCode::from(2);
    };
    let sources = Sources::start();
    let outcomes: BTreeMap<&str, Mutex<Outcome>> =
        NAMES.map(|name| (name, Mutex::default())).into();
    let is_over = AtomicBool::new(false);
    let (peak, mut wrong) = thread::scope(|scope| {
        let (sources, is_over) = (&sources, &is_over);
        for caller in 0..CALLERS {
            let name = NAMES[caller % NAMES.len()];
            let outcome = &outcomes[name];
            scope.spawn(move || callers::ask(sources, name, outcome, is_over));
        }
        let watching = scope.spawn(move || watch::watch(sources, is_over));
        rotate(sources, duration);
        is_over.store(true, Ordering::Relaxed);
        watching.join().expect("what was seen")
    });
    wrong.extend(watch::leftovers(&sources));
    wrong.extend(sources.spent_twice());
    for (name, outcome) in outcomes {
        let outcome = outcome.into_inner().expect("the outcome");
        show(name, &sources, &outcome);
        if outcome.keys == 0 {
            wrong.push(format!("{name}: not one key"));
        }
        wrong.extend(outcome.wrong);
    }
    let Peak { processes, files } = peak;
    println!("{} s; at most {processes} processes and {files} files at once", duration.as_secs());
    println!("wrong: {}", wrong.len());
    for what in &wrong {
        println!("  {what}");
    }
    ExitCode::from(u8::from(!wrong.is_empty()))
}

fn duration() -> Option<Duration> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => Some(Duration::from_secs(600)),
        ["--minutes", number] => number.parse().ok().map(|n: u64| Duration::from_secs(n * 60)),
        ["--seconds", number] => number.parse().ok().map(Duration::from_secs),
        _ => None,
    }
}

fn rotate(sources: &Sources, duration: Duration) {
    let started = now();
    for number in 1.. {
        sleep(ROTATION);
        if since(started) >= duration {
            return;
        }
        sources.rotate(number);
        match number % OUTAGE_EVERY {
            0 => sources.set(Condition::Down),
            OUTAGE_ENDS => sources.set(Condition::Faulty),
            _ => {}
        }
    }
}

fn show(name: &str, sources: &Sources, outcome: &Outcome) {
    let mut took = outcome.took.clone();
    took.sort();
    let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().max(1) - 1));
    let millis = |percent| at(percent).map_or(0, Duration::as_millis);
    println!(
        "{name}: {} calls, {} keys printed ({} with a warning), errors {:?}, {} keys issued, \
         {} requests disturbed, {} / {} / {} ms (median, 99 %, longest)",
        took.len(),
        outcome.keys,
        outcome.warned,
        outcome.errors,
        sources.issued(name),
        sources.disturbed(name),
        millis(50),
        millis(99),
        millis(100),
    );
}
