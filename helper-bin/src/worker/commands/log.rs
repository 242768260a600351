//! `log`: what was fetched, when, and what failed.

use std::fmt::Write as _;

use api_key_helper_core::{Error, ReadError, StateFolder};

use crate::cli::{Call, Log};
use crate::environment::Environment;
use crate::journal::{LOG, Line, OLD_LOG};
use crate::report::print;
use crate::session::places;

/// Prints the refresh log, oldest first.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn run(call: &Call, log: &Log, environment: &Environment) -> Result<(), Error> {
    let folder = StateFolder::new(places(call, environment)?.state);
    let mut text = String::new();
    for file in [OLD_LOG, LOG] {
        let content = folder.read_up_to(file, u64::MAX).map_err(|error| match error {
            ReadError::Refused(error) => error,
            ReadError::Io(error) => Error::transient(format!("cannot read `{file}`: {error}")),
        })?;
        let content = content.map(|content| String::from_utf8_lossy(&content).into_owned());
        text.push_str(&content.unwrap_or_default());
    }
    if log.json {
        return print(&text);
    }
    print(&text.lines().fold(String::new(), |mut shown, line| {
        if let Ok(line) = serde_json::from_str::<Line>(line) {
            // Writing to a string cannot fail.
            let _ = writeln!(shown, "{}", for_a_person(&line));
        }
        shown
    }))
}

fn for_a_person(line: &Line) -> String {
    let Line { time, profile, source, outcome, duration_ms, attempts, .. } = line;
    let attempts = if *attempts == 1 { String::new() } else { format!(", {attempts} attempts") };
    let rest = match (&line.message, &line.expires_at) {
        (Some(message), _) => format!(": {message}"),
        (None, Some(end)) => format!(", ends {end}"),
        (None, None) => String::new(),
    };
    format!("{time}  {profile}  {source}  {outcome} in {duration_ms} ms{attempts}{rest}")
}
