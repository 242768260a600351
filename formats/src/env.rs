//! `env`: lines for the `eval` of a shell.

use api_key_helper_core::config::VariableName;
use zeroize::Zeroizing;

use crate::Given;

/// The key and its issuer's end, each in an exported variable. One that has no end unsets what an
/// earlier one left.
pub(super) fn answer(given: &Given<'_>, name: &VariableName) -> Zeroizing<String> {
    let name = name.as_str();
    let key = quoted(given.key.expose());
    let end = given.expires_at.map_or_else(
        || format!("unset {name}_EXPIRES_AT\n"),
        |end| format!("export {name}_EXPIRES_AT='{}'\n", end.rfc3339()),
    );
    Zeroizing::new(format!("export {name}={}\n{end}", *key))
}

/// In quotes inside which a shell takes everything as it is (POSIX.1-2024, 2.2.2 Single-Quotes).
fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("'{}'", *Zeroizing::new(text.replace('\'', r"'\''"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    fn written(key: &str, end: Option<u64>) -> String {
        answer(&given(key, end), &VariableName::default()).to_string()
    }

    #[test]
    fn nothing_of_the_key_is_the_shells() {
        assert_eq!(
            written("a'b$(c)`d`\\", Some(2_000_000_000)),
            "export ANTHROPIC_API_KEY='a'\\''b$(c)`d`\\'\n\
             export ANTHROPIC_API_KEY_EXPIRES_AT='2033-05-18T03:33:20Z'\n"
        );
    }

    #[test]
    fn an_unknown_end_leaves_no_old_one() {
        let expected = "export ANTHROPIC_API_KEY='k'\nunset ANTHROPIC_API_KEY_EXPIRES_AT\n";
        assert_eq!(written("k", None), expected);
    }
}
