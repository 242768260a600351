//! Rewords serde's messages about wrong values for users of TOML.

/// Returns the message and the hint for serde's `message` about the value or table at `path`.
///
/// A string of the wrong type is not quoted: it may be a secret in the wrong place.
pub(super) fn explained(message: &str, path: &str) -> (String, String) {
    let (found, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    if let Some(key) = found.strip_prefix("missing field ") {
        (format!("{key} is missing"), format!("add {key} to `{path}`"))
    } else if let Some(key) = found.strip_prefix("unknown field ") {
        (format!("unknown key {key}"), format!("write {expected}"))
    } else if let Some(value) = found.strip_prefix("unknown variant ") {
        (format!("{value} is not a valid value"), format!("write {expected}"))
    } else {
        let types = ["invalid type: ", "invalid value: "];
        let found = types.iter().find_map(|types| found.strip_prefix(types));
        let Some(found) = found else { return (message.to_owned(), HINT.to_owned()) };
        let (found, wanted) = (shown(found), wanted(expected));
        let is_unit_forgotten = found.starts_with(NUMBER) && wanted == TEXT;
        let hint = if is_unit_forgotten { IN_QUOTES } else { HINT };
        (format!("expected {wanted}, found {found}"), hint.to_owned())
    }
}

/// Describes the found value. Only numbers and booleans are quoted.
fn shown(found: &str) -> String {
    let number = ["integer ", "floating point "].iter().find_map(|kind| found.strip_prefix(kind));
    match (number, found) {
        (Some(number), _) => format!("{NUMBER}{number}"),
        (None, "sequence") => "a list".to_owned(),
        (None, "map") => "a table".to_owned(),
        (None, _) => found.strip_prefix("boolean ").unwrap_or(TEXT).to_owned(),
    }
}

/// Describes the expected type. Our own types have readable descriptions.
fn wanted(expected: &str) -> String {
    match expected {
        "a string" | "path string" => TEXT.to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" => "a whole number from 0 on".to_owned(),
        named if named.starts_with("struct ") || named.contains("enum ") => "a table".to_owned(),
        ours => ours.to_owned(),
    }
}

const NUMBER: &str = "the number ";
const TEXT: &str = "a string";
const HINT: &str = "correct the value at that place";
/// A number in place of a string is nearly always a duration without its unit.
const IN_QUOTES: &str = "put it in quotes; a duration needs a unit, such as `\"90s\"`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_type_error_is_worded_for_toml() {
        for (message, is_wrong) in [
            (
                "invalid type: string \"a, expected b\", expected u32",
                "expected a whole number from 0 to 4294967295, found a string",
            ),
            (
                "invalid value: integer `-1`, expected u64",
                "expected a whole number from 0 on, found the number `-1`",
            ),
            ("invalid type: boolean `true`, expected a sequence", "expected a list, found `true`"),
            (
                "invalid type: sequence, expected internally tagged enum Auth",
                "expected a table, found a list",
            ),
            ("invalid type: map, expected a boolean", "expected `true` or `false`, found a table"),
            ("what we say ourselves", "what we say ourselves"),
        ] {
            let said = explained(message, "source.a");
            assert_eq!(said, (is_wrong.to_owned(), HINT.to_owned()));
        }
        let (is_wrong, hint) = explained("invalid type: integer `5`, expected a string", "a");
        assert_eq!(is_wrong, "expected a string, found the number `5`");
        assert_eq!(hint, IN_QUOTES);
    }

    #[test]
    fn unknown_key_or_value_error_lists_the_known_ones() {
        for (message, is_wrong, hint) in [
            ("missing field `path`", "`path` is missing", "add `path` to `source.a`"),
            ("unknown field `b`, expected `a`", "unknown key `b`", "write `a`"),
            (
                "unknown variant `c`, expected one of `a`, `b`",
                "`c` is not a valid value",
                "write one of `a`, `b`",
            ),
        ] {
            assert_eq!(explained(message, "source.a"), (is_wrong.to_owned(), hint.to_owned()));
        }
    }
}
