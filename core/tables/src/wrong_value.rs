//! What serde says of a value that it cannot read, in the words of people who write TOML.

/// What is wrong with the value or table at `path`, by serde's `message`, and what to do.
///
/// A text of the wrong type is not quoted: it may be a secret in the wrong place.
pub(super) fn explained(message: &str, path: &str) -> (String, String) {
    let (found, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    if let Some(key) = found.strip_prefix("missing field ") {
        (format!("{key} is missing"), format!("add {key} to `{path}`"))
    } else if let Some(key) = found.strip_prefix("unknown field ") {
        (format!("unknown key {key}"), format!("write {expected}"))
    } else if let Some(value) = found.strip_prefix("unknown variant ") {
        (format!("{value} is not one of its values"), format!("write {expected}"))
    } else {
        let types = ["invalid type: ", "invalid value: "];
        let found = types.iter().find_map(|types| found.strip_prefix(types));
        let Some(found) = found else { return (message.to_owned(), HINT.to_owned()) };
        let (found, wanted) = (shown(found), wanted(expected));
        let is_unit_forgotten = found.starts_with(NUMBER) && wanted == TEXT;
        let hint = if is_unit_forgotten { IN_QUOTES } else { HINT };
        (format!("this is {found}, and {wanted} is wanted"), hint.to_owned())
    }
}

/// The value that is there. Only numbers and truth values are shown as they are.
fn shown(found: &str) -> String {
    let number = ["integer ", "floating point "].iter().find_map(|kind| found.strip_prefix(kind));
    match (number, found) {
        (Some(number), _) => format!("{NUMBER}{number}"),
        (None, "sequence") => "a list".to_owned(),
        (None, "map") => "a table".to_owned(),
        (None, _) => found.strip_prefix("boolean ").unwrap_or(TEXT).to_owned(),
    }
}

/// The type that should be there. What types of ours call themselves is meant for people already.
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
const TEXT: &str = "a text";
const HINT: &str = "mend the value at that place";
/// What a number for a text nearly always is: a duration without its unit.
const IN_QUOTES: &str = "write it in quotes, and a duration with its unit, such as `\"90s\"`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_type_error_is_worded_for_toml() {
        for (message, is_wrong) in [
            (
                "invalid type: string \"a, expected b\", expected u32",
                "this is a text, and a whole number from 0 to 4294967295 is wanted",
            ),
            (
                "invalid value: integer `-1`, expected u64",
                "this is the number `-1`, and a whole number from 0 on is wanted",
            ),
            (
                "invalid type: boolean `true`, expected a sequence",
                "this is `true`, and a list is wanted",
            ),
            (
                "invalid type: sequence, expected internally tagged enum Auth",
                "this is a list, and a table is wanted",
            ),
            (
                "invalid type: map, expected a boolean",
                "this is a table, and `true` or `false` is wanted",
            ),
            ("what we say ourselves", "what we say ourselves"),
        ] {
            let said = explained(message, "source.a");
            assert_eq!(said, (is_wrong.to_owned(), HINT.to_owned()));
        }
        let (is_wrong, hint) = explained("invalid type: integer `5`, expected a string", "a");
        assert_eq!(is_wrong, "this is the number `5`, and a text is wanted");
        assert_eq!(hint, IN_QUOTES);
    }

    #[test]
    fn unknown_key_or_value_error_lists_the_known_ones() {
        for (message, is_wrong, hint) in [
            ("missing field `path`", "`path` is missing", "add `path` to `source.a`"),
            ("unknown field `b`, expected `a`", "unknown key `b`", "write `a`"),
            (
                "unknown variant `c`, expected one of `a`, `b`",
                "`c` is not one of its values",
                "write one of `a`, `b`",
            ),
        ] {
            assert_eq!(explained(message, "source.a"), (is_wrong.to_owned(), hint.to_owned()));
        }
    }
}
