//! The settings in a file that affect the key.

use std::collections::BTreeMap;
use std::fmt;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;

use crate::json::{self, Malformed, Position};

/// The setting that names the shell line which prints the key.
pub const HELPER: &str = "apiKeyHelper";
/// The setting that holds variables for Claude Code's environment.
pub const ENV: &str = "env";
/// The variable, in the `env` block or the environment, that sets for how many milliseconds Claude
/// Code uses a key.
pub const TTL_VARIABLE: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";
/// The variables that override the helper's key: the first in `x-api-key`, the second in
/// `Authorization`.
pub const KEY_VARIABLES: [&str; 2] = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"];

/// The settings in a file that affect the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    helper: Option<Setting>,
    /// The variables that Claude Code adds to its environment, and so to the helper's.
    pub env: BTreeMap<String, Setting>,
    /// The file begins with U+FEFF.
    pub has_byte_order_mark: bool,
}

/// A value and its place. `Debug` shows only the place.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value, which may be a secret or contain one.
    pub value: String,
    /// The position of its first character.
    pub position: Position,
}

impl Settings {
    /// Parses a settings file as Claude Code does: a byte-order mark is skipped, an empty file is
    /// valid, comments are errors, and the last of several properties with one name counts.
    ///
    /// # Errors
    /// Claude Code would reject the whole file: it is not JSON, the helper is not a string, or
    /// `env` is not an object of plain values.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let (_, text) = json::text(bytes)?;
        let settings = match json::object(text)? {
            None => Self::default(),
            Some(object) => Self::of(text, &object)?,
        };
        Ok(Self { has_byte_order_mark: json::has_byte_order_mark(bytes), ..settings })
    }

    /// Returns the shell line that prints the key, unless it is blank.
    #[must_use]
    pub fn helper(&self) -> Option<&Setting> {
        self.helper.as_ref().filter(|helper| !helper.value.trim().is_empty())
    }

    /// Returns for how many milliseconds Claude Code uses a key, as spelled in the file.
    #[must_use]
    pub fn ttl(&self) -> Option<&Setting> {
        self.env.get(TTL_VARIABLE)
    }

    fn of(text: &str, object: &Object<'_>) -> Result<Self, Malformed> {
        let helper = last(object, HELPER).map(|property| helper(text, property)).transpose()?;
        let env = last(object, ENV).map(|property| env(text, property)).transpose()?;
        Ok(Self { helper, env: env.unwrap_or_default(), has_byte_order_mark: false })
    }
}

/// Returns the property that counts: `JSON.parse` uses the last one of a name.
fn last<'a, 'b>(object: &'a Object<'b>, name: &str) -> Option<&'a ObjectProp<'b>> {
    object.properties.iter().rfind(|property| property.name.as_str() == name)
}

fn helper(text: &str, property: &ObjectProp<'_>) -> Result<Setting, Malformed> {
    let at = property.value.start();
    match &property.value {
        Value::StringLit(literal) => Ok(setting(text, at, &literal.value)),
        _ => Err(Malformed::at(text, at, format!("`{HELPER}` is not a string"))),
    }
}

fn env(text: &str, property: &ObjectProp<'_>) -> Result<BTreeMap<String, Setting>, Malformed> {
    let Value::Object(block) = &property.value else {
        return Err(Malformed::at(text, property.value.start(), "`env` is not an object"));
    };
    let variable = |property: &ObjectProp<'_>| {
        let name = property.name.as_str();
        let at = property.value.start();
        // Claude Code converts the value to a string.
        let value = match &property.value {
            Value::StringLit(literal) => &literal.value,
            Value::NumberLit(literal) => literal.value,
            Value::BooleanLit(literal) => {
                if literal.value {
                    "true"
                } else {
                    "false"
                }
            }
            Value::NullKeyword(_) => "null",
            Value::Object(_) | Value::Array(_) => {
                return Err(Malformed::at(text, at, "a variable in `env` is not a string"));
            }
        };
        Ok((name.to_owned(), setting(text, at, value)))
    };
    block.properties.iter().map(variable).collect()
}

fn setting(text: &str, at: usize, value: &str) -> Setting {
    Setting { value: value.to_owned(), position: json::position(text, at) }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claude_code_api_key_helper_and_env_are_found_with_their_line() {
        let text = "\u{feff}{\r\n\t\"apiKeyHelper\": \"a\",\r\n\t\"env\": {\"A\": \"sk-1\", \"B\": 5},\r\n\
                    \t\"apiKeyHelper\": \"\\u0062\"\r\n}";
        let settings = Settings::parse(text.as_bytes()).unwrap();
        let helper = settings.helper().unwrap();
        assert_eq!((&*helper.value, helper.position), ("b", Position { line: 4, column: 18 }));
        assert_eq!(settings.env["A"].value, "sk-1");
        assert_eq!(settings.env["B"].value, "5");
        assert!(!format!("{settings:?}").contains("sk-1"));
    }

    #[test]
    fn empty_claude_code_settings_are_valid() {
        for text in ["", "\u{feff}", " \n", "{}", "{\"apiKeyHelper\": \" \"}", "{\"env\": {}}"] {
            let settings = Settings::parse(text.as_bytes()).unwrap();
            assert_eq!((settings.helper(), settings.env.len()), (None, 0), "{text:?}");
        }
    }

    #[test]
    fn invalid_claude_code_settings_name_their_line_and_show_no_secret() {
        let rows = [
            ("{\"apiKeyHelper\": 51}", "line 1, column 18: `apiKeyHelper` is not a string"),
            ("{\n\"env\": [\"sk-1\"]}", "line 2, column 8: `env` is not an object"),
            ("{\"env\": {\"A\": {}}}", "line 1, column 15: a variable in `env` is not a string"),
            ("{\"env\": sk-1}", "line 1, column 9: expected value"),
        ];
        for (text, expected) in rows {
            assert_eq!(Settings::parse(text.as_bytes()).unwrap_err().to_string(), expected);
        }
    }
}
