//! What fuzzing tries on this crate: each function takes any bytes, and panics where a promise does
//! not hold. `fuzz/` drives them, and an ordinary test the inputs that are kept there.

use crate::{Error, Key, MAX_KEY_LENGTH, SHOWN_LENGTH};

/// A key is one printable token of the text; an error about it shows nothing of the text.
pub fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Key::parse(text) {
        Ok(key) => {
            let exposed = key.expose();
            assert!((1..=MAX_KEY_LENGTH).contains(&exposed.len()) && text.contains(exposed));
            assert!(exposed.bytes().all(|byte| byte.is_ascii_graphic()), "not printable");
            assert_eq!(Key::parse(exposed).as_ref(), Ok(&key));
            let _ = (crate::jwt::expiry(&key), crate::document::AwsKeys::parse(&key));
            let _ = crate::Expiry::parse(exposed).point();
        }
        Err(error) => {
            // All of it is words of ours and numbers: another text with the same flaw says the same.
            let masked: String = text.chars().map(masked).collect();
            assert_eq!(Key::parse(&masked), Err(error));
            assert!(error.to_string().len() < SHOWN_LENGTH / 2);
        }
    }
}

/// Any words make at most two lines, all of which Claude Code shows.
pub fn error(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (message, hint) = text.split_once('\u{1}').unwrap_or((&text, ""));
    let error = Error::transient(message).with_hint(hint);
    for (report, lines) in [(error.report(), 2), (error.warning("the old key is used"), 1)] {
        assert!(report.chars().count() <= SHOWN_LENGTH, "{report}");
        assert!(report.ends_with('\n') && report.lines().count() == lines, "{report:?}");
        assert!(report.chars().all(|c| c == '\n' || !c.is_control()), "{report:?}");
    }
}

fn masked(character: char) -> char {
    if character.is_ascii_graphic() { 'x' } else { character }
}

/// The functions above.
pub const TARGETS: &[Trial] = &[("error", error), ("key", key)];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_contract_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
