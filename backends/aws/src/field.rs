//! How a key is taken out of a secret's text.

use std::collections::BTreeMap;
use std::fmt;

use api_key_helper_core::{Error, Key, document};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A part of a JSON document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    written: String,
    /// From the outside in.
    steps: Vec<String>,
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

impl Field {
    /// A top-level name; where it is `*`, the whole document; or, where it begins with `/`, a JSON
    /// pointer (RFC 6901).
    pub(crate) fn new(written: String) -> Self {
        let steps = match written.strip_prefix('/') {
            None => vec![written.clone()],
            Some(pointer) => {
                pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
            }
        };
        Self { written, steps }
    }

    fn find<'a>(&self, text: &'a str, secret: &str) -> Result<&'a RawValue, Error> {
        let mut value: &RawValue = serde_json::from_str(text).map_err(|_| {
            Error::misconfigured(format!("{secret} is not JSON, so it has no {self}"))
                .with_hint("remove `field` of the source to take the whole text")
        })?;
        for step in &self.steps {
            let found = match serde_json::from_str::<Fields<'a>>(value.get()) {
                Ok(fields) => match fields.get(step) {
                    Some(found) => Ok(*found),
                    None => Err(format!("set `field` to one that it has: {}", names(&fields))),
                },
                Err(_) => serde_json::from_str::<Vec<&'a RawValue>>(value.get())
                    .ok()
                    .and_then(|items| items.get(step.parse::<usize>().ok()?).copied())
                    .ok_or_else(|| "look at the secret's structure".to_owned()),
            };
            value = found.map_err(|hint| {
                Error::not_found(format!("{secret} has no {self}")).with_hint(hint)
            })?;
        }
        Ok(value)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}`", self.written)
    }
}

/// The key in a secret's `text`; `secret` is what the secret is called in messages.
pub(crate) fn key(text: &str, field: Option<&Field>, secret: &str) -> Result<Key, Error> {
    let Some(field) = field else {
        if let Ok(fields) = serde_json::from_str::<Fields<'_>>(text) {
            return Err(Error::misconfigured(format!("{secret} is a JSON object"))
                .with_hint(format!("set `field` to one of {}", names(&fields))));
        }
        return parse(text, secret);
    };
    if field.written == WHOLE {
        return whole(text, secret);
    }
    let value = field.find(text, secret)?.get();
    let place = format!("{field} of {secret}");
    match serde_json::from_str::<String>(value).map(Zeroizing::new) {
        Ok(text) => parse(&text, &place),
        // A number is as good a key as its digits; lists and objects are none.
        Err(_) if value.parse::<f64>().is_ok() => parse(value, &place),
        Err(_) => Err(Error::misconfigured(format!("{place} is not a text"))
            .with_hint("set `field` to one that is; `/a/b` leads inwards")),
    }
}

/// Stands for all fields together.
const WHOLE: &str = "*";

fn whole(text: &str, secret: &str) -> Result<Key, Error> {
    let key = document::key(text).ok_or_else(|| {
        Error::misconfigured(format!("{secret} is not JSON"))
            .with_hint("remove `field` of the source to take the text as it is")
    })?;
    key.map_err(|why| {
        Error::misconfigured(format!("{secret} is not a key: {why}"))
            .with_hint("set `field` of the source to where the key is")
    })
}

fn parse(text: &str, place: &str) -> Result<Key, Error> {
    Key::parse(text).map_err(|why| {
        Error::misconfigured(format!("{place} is not a key: {why}"))
            .with_hint("set `field` of the source to where the key is")
    })
}

fn names(fields: &Fields<'_>) -> String {
    fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use api_key_helper_core::ErrorKind;

    use super::*;

    const TEXT: &str = r#"{"api_key": "sk-1", "id": 7, "a/b": "sk-2", "in": {"keys": ["sk-3"]}}"#;

    fn pick(field: &str) -> Result<String, Error> {
        key(TEXT, Some(&Field::new(field.to_owned())), "`s`").map(|key| key.expose().to_owned())
    }

    #[test]
    fn names_and_pointers() {
        assert_eq!(pick("api_key").unwrap(), "sk-1");
        assert_eq!(pick("/api_key").unwrap(), "sk-1");
        assert_eq!(pick("id").unwrap(), "7");
        assert_eq!(pick("a/b").unwrap(), "sk-2");
        assert_eq!(pick("/a~1b").unwrap(), "sk-2");
        assert_eq!(pick("/in/keys/0").unwrap(), "sk-3");
    }

    #[test]
    fn all_of_it() {
        assert_eq!(pick("*").unwrap(), TEXT.replace(' ', ""));
        let error = key("sk-1", Some(&Field::new("*".to_owned())), "`s`").unwrap_err();
        assert_eq!(error.message(), "`s` is not JSON");
    }

    #[test]
    fn what_is_not_there_lists_what_is() {
        let error = pick("key").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.message(), "`s` has no field `key`");
        let hint = "set `field` to one that it has: `a/b`, `api_key`, `id`, `in`";
        assert_eq!(error.hint(), Some(hint));
        assert_eq!(pick("/in/keys/1").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(pick("/api_key/x").unwrap_err().kind(), ErrorKind::NotFound);
        let error = pick("in").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert_eq!(error.message(), "field `in` of `s` is not a text");
    }

    #[test]
    fn without_a_field_the_whole_text() {
        assert_eq!(key("sk-1\n", None, "`s`").unwrap().expose(), "sk-1");
        assert_eq!(key("17", None, "`s`").unwrap().expose(), "17");
        let error = key(TEXT, None, "`s`").unwrap_err();
        assert_eq!(error.message(), "`s` is a JSON object");
        assert_eq!(error.hint(), Some("set `field` to one of `a/b`, `api_key`, `id`, `in`"));
        let error = key("two words", None, "`s`").unwrap_err();
        assert!(error.message().starts_with("`s` is not a key: character 4"), "{error}");
        let field = Field::new("a".to_owned());
        let error = key("sk-1", Some(&field), "`s`").unwrap_err();
        assert_eq!(error.message(), "`s` is not JSON, so it has no field `a`");
    }
}
