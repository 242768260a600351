//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::Key;
use api_key_helper_backend::stderr::last_line;

use crate::output::{Format, secret};
use crate::unreadable::Unreadable;

/// An output is a key that may be printed and stood in it, or an error that shows nothing of it but
/// what a document gives as its own words.
pub fn output(bytes: &[u8]) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for format in [Format::Auto, Format::Json, Format::Raw] {
        match format.read(bytes, now) {
            Ok(credential) => {
                let key = credential.key.expose();
                assert!(Key::parse(key).is_ok());
                let is_raw = format == Format::Raw;
                assert!(!is_raw || bytes.windows(key.len()).any(|part| part == key.as_bytes()));
            }
            Err(error) => {
                let said = format!("{error}; {}", error.hint("run `/x` by hand"));
                assert!(said.chars().count() < 500, "{said}");
                assert!(!said.chars().any(char::is_control), "{said:?}");
                let is_its_own = matches!(error, Unreadable::Failed { .. });
                assert!(is_its_own || !said.contains(CANARY), "{said}");
            }
        }
    }
    if let Err(error) = secret(bytes) {
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
}

/// What is shown of stderr is one short line, without a key that was printed and without anything
/// that a terminal would obey.
pub fn stderr(bytes: &[u8]) {
    let Some(line) = last_line(bytes, &[CANARY.as_bytes()]) else { return };
    assert!(line.chars().count() <= 203, "{line}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert!(!line.contains(CANARY), "{line}");
}

/// Stands for a key; the inputs that are kept have it.
const CANARY: &str = "sk-canary-0123456789";

/// The functions above.
pub const TARGETS: &[Trial] = &[("script_output", output), ("script_stderr", stderr)];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_script_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
