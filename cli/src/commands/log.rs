//! `log`: shows past refreshes and failures.

use std::fmt::Write as _;

use api_key_helper_system::{ReadError, StateFolder};
use api_key_helper_values::{Error, plain, visible, visible_json};

use crate::cli::{Call, Log};
use crate::environment::Environment;
use crate::journal::{LOG, Line, OLD_LOG};
use crate::report::print;
use crate::session::places;

/// Prints the refresh log, oldest first.
pub(crate) fn run(call: &Call, log: &Log, environment: &Environment) -> Result<(), Error> {
    let folder = StateFolder::new(places(call, environment)?.state);
    let mut text = String::new();
    for file in [OLD_LOG, LOG] {
        let content = folder.read_up_to(file, u64::MAX).map_err(|error| match error {
            ReadError::Refused(error) => error,
            ReadError::Io(error) => Error::transient(format!("cannot read `{file}`: {error}"))
                .with_hint("look at the state folder with `api-key-helper doctor`"),
        })?;
        let content = content.map(|content| String::from_utf8_lossy(&content).into_owned());
        text.push_str(&content.unwrap_or_default());
    }
    if log.json {
        return print(&visible_json(text));
    }
    print(&text.lines().fold(String::new(), |mut shown, line| {
        if let Ok(line) = serde_json::from_str::<Line>(line) {
            // Writing to a string cannot fail.
            let _ = writeln!(shown, "{}", visible(for_a_person(&line)));
        }
        shown
    }))
}

fn for_a_person(line: &Line) -> String {
    let Line { time, profile, source, outcome, duration_ms, attempts, .. } = line;
    let attempts = if *attempts == 1 { String::new() } else { format!(", {attempts} attempts") };
    let rest = match (&line.message, &line.expires_at) {
        (Some(message), _) => format!(": {}", plain(message)),
        (None, Some(end)) => format!(", ends {end}"),
        (None, None) => String::new(),
    };
    format!("{time}  {profile}  {source}  {outcome} in {duration_ms} ms{attempts}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_line_drops_terminal_escape_sequences() {
        let line = Line {
            time: "2026-01-01T00:00:00Z".to_owned(),
            profile: "work".to_owned(),
            source: "vault".to_owned(),
            outcome: "denied".to_owned(),
            duration_ms: 5,
            attempts: 2,
            key_hash: None,
            expires_at: None,
            message: Some("\u{1b}[2Jno\r\n".to_owned()),
        };
        let expected = "2026-01-01T00:00:00Z  work  vault  denied in 5 ms, 2 attempts: no";
        assert_eq!(for_a_person(&line), expected);
    }
}
