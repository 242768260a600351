//! How a key is taken out of a secret's text.

use api_key_helper_backend::field::{self, Field};
use api_key_helper_backend::{Error, Key, text};
use serde_json::value::RawValue;

/// The key in a secret's `text`; `secret` is what the secret is called in messages.
pub(crate) fn key(text: &str, field: Option<&Field>, secret: &str) -> Result<Key, Error> {
    let text = text::trim(text);
    let root = serde_json::from_str::<&RawValue>(text);
    match (root, field) {
        (Ok(root), Some(field)) => field.key(root, secret),
        (Ok(root), None) => match field::names(root) {
            Some(names) if names.is_empty() => {
                Err(Error::not_found(format!("{secret} has no fields"))
                    .with_hint("write the key into the secret"))
            }
            Some(names) => Err(Error::misconfigured(format!("{secret} is a JSON object"))
                .with_hint(format!("set `field` to one of {}", field::list(&names)))),
            None => field::key(text, secret),
        },
        (Err(_), None) => field::key(text, secret),
        (Err(why), Some(field)) => {
            // The parser's own words quote the text.
            let (line, column) = (why.line(), why.column());
            let error = Error::misconfigured(format!(
                "{secret} is not JSON at line {line}, column {column}, so it has no {field}"
            ));
            Err(error.with_hint(match text.as_bytes() {
                [b'{' | b'[', ..] => "correct the JSON at that place",
                _ => "remove `field` of the source to take the whole text",
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"api_key": "sk-1", "id": 7, "a/b": "sk-2", "in": {"keys": ["sk-3"]}}"#;

    fn pick(field: &str) -> Result<String, Error> {
        key(TEXT, Some(&Field::new(field.to_owned())), "`s`").map(|key| key.expose().to_owned())
    }

    #[test]
    fn aws_field_star_takes_the_whole_json() {
        assert_eq!(pick("*").unwrap(), TEXT.replace(' ', ""));
        let error = key("sk-1", Some(&Field::new("*".to_owned())), "`s`").unwrap_err();
        assert!(error.message().starts_with("`s` is not JSON at line 1, column 1"), "{error}");
    }

    #[test]
    fn aws_secret_without_field_is_the_whole_text() {
        assert_eq!(key("sk-1\n", None, "`s`").unwrap().expose(), "sk-1");
        assert_eq!(key("17", None, "`s`").unwrap().expose(), "17");
        let error = key(TEXT, None, "`s`").unwrap_err();
        assert_eq!(error.message(), "`s` is a JSON object");
        assert_eq!(
            error.hint(),
            Some(&"set `field` to one of `a/b`, `api_key`, `id`, `in`".into())
        );
        let error = key("two words", None, "`s`").unwrap_err();
        assert!(error.message().starts_with("`s` is not a key: character 4"), "{error}");
        let field = Field::new("a".to_owned());
        let error = key("sk-1", Some(&field), "`s`").unwrap_err();
        let message = "`s` is not JSON at line 1, column 1, so it has no field `a`";
        assert_eq!(error.message(), message);
        assert_eq!(
            error.hint(),
            Some(&"remove `field` of the source to take the whole text".into())
        );
    }

    #[test]
    fn aws_secret_invalid_json_names_line_and_column_only() {
        for (text, field, place) in [
            ("{\u{201c}a\u{201d}:\"hunter2\"}", "a", "line 1, column 2"),
            ("{\n  \"a\": \"hunter2\",\n}", "/a", "line 3, column 1"),
            ("{\"a\": 'hunter2'}", "*", "line 1, column 7"),
        ] {
            let field = Field::new(field.to_owned());
            let error = key(text, Some(&field), "`s`").unwrap_err();
            assert!(error.message().starts_with(&format!("`s` is not JSON at {place}")), "{error}");
            assert!(!error.report().contains("hunter2"), "{}", error.report());
        }
    }

    #[test]
    fn aws_secret_that_is_no_key_is_explained() {
        assert_eq!(key("\u{feff}sk-1\r\n", None, "`s`").unwrap().expose(), "sk-1");
        let field = Field::new("api_key".to_owned());
        let text = format!("\u{feff}{TEXT}\r\n");
        assert_eq!(key(&text, Some(&field), "`s`").unwrap().expose(), "sk-1");
        assert_eq!(key(&text, None, "`s`").unwrap_err().message(), "`s` is a JSON object");
        for (text, message) in [
            ("\"hunter2\"", "`s` is not a key: it is in quotes"),
            ("'hunter2'\n", "`s` is not a key: it is in quotes"),
            ("null", "`s` is not a key: it is `null`"),
            ("[\"hunter2\"]", "`s` is not a key: it is a JSON array"),
        ] {
            let error = key(text, None, "`s`").unwrap_err();
            assert_eq!(error.message(), message);
            assert!(!error.report().contains("hunter2"), "{}", error.report());
        }
        for (value, why) in [
            (r#""\"hunter2\"""#, "it is in quotes"),
            (r#""null""#, "it is `null`"),
            (r#""{\"a\":1}""#, "it is a JSON object"),
        ] {
            let text = format!("{{\"api_key\": {value}}}");
            let error = key(&text, Some(&field), "`s`").unwrap_err();
            assert!(error.message().ends_with(why), "{error}");
        }
    }
}
