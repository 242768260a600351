//! The part of a JSON document that holds the key, as `field` of a source names it.

use std::fmt;

use serde_json::value::RawValue;

use crate::fields::text_of;
use crate::{Error, Fields, Key, KeyError, document};

/// A part of a JSON document.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    written: String,
    part: Part,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// From the outside in.
    Inner(Vec<String>),
    Whole,
}

impl Field {
    /// A top-level name; where it is `*`, the whole document; or, where it begins with `/`, a JSON
    /// pointer (RFC 6901).
    #[must_use]
    pub fn new(written: String) -> Self {
        if written == "*" {
            return Self { written, part: Part::Whole };
        }
        match written.strip_prefix('/') {
            None => Self::named(written),
            Some(pointer) => {
                let steps =
                    pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
                Self { part: Part::Inner(steps.collect()), written }
            }
        }
    }

    /// The top-level field of that name, whatever its characters are.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self { part: Part::Inner(vec![name.clone()]), written: name }
    }

    /// The key that this field of `root` holds; `place` is what messages call the document.
    ///
    /// # Errors
    /// `NotFound`, when there is no such field; `Misconfigured`, when it holds no key.
    pub fn key(&self, root: &RawValue, place: &str) -> Result<Key, Error> {
        let Part::Inner(steps) = &self.part else {
            return document::key(root.get()).unwrap_or(Err(KeyError::Empty)).map_err(|why| {
                Error::misconfigured(format!("{place} is not a key: {why}"))
                    .with_hint("set `field` of the source to where the key is")
            });
        };
        let value = self.find(steps, root, place)?;
        let place = format!("{self} of {place}");
        match text_of(value.get()) {
            Some(text) => key(&text, &place),
            None => Err(Error::misconfigured(format!("{place} is not a text"))
                .with_hint(self.further_in(value))),
        }
    }

    fn find<'a>(
        &self,
        steps: &[String],
        root: &'a RawValue,
        place: &str,
    ) -> Result<&'a RawValue, Error> {
        follow(steps, root).or_else(|hint| {
            // Some names begin with `/`.
            let named = Fields::of(root).and_then(|fields| fields.value(&self.written));
            named.ok_or_else(|| Error::not_found(format!("{place} has no {self}")).with_hint(hint))
        })
    }

    /// Returns the hint for a field that is a list, an object or no text at all.
    fn further_in(&self, value: &RawValue) -> String {
        let outer = match self.written.strip_prefix('/') {
            Some(_) => self.written.clone(),
            None => format!("/{}", escaped(&self.written)),
        };
        let children = children(value);
        let texts = children.iter().filter(|(_, value)| text_of(value.get()).is_some());
        let texts: Vec<_> = texts.map(|(step, _)| format!("{outer}/{}", escaped(step))).collect();
        if texts.is_empty() {
            return "set `field` to one that is; `/a/b` leads inwards".to_owned();
        }
        format!("set `field` to a text in it: {}", list(&texts))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}`", self.written)
    }
}

/// Reads a text as a key; `place` is what messages call it.
///
/// # Errors
/// Misconfigured, when it is none.
pub fn key(text: &str, place: &str) -> Result<Key, Error> {
    document::key_alone(text).map_err(|why| {
        Error::misconfigured(format!("{place} is not a key: {why}"))
            .with_hint(why.hint().unwrap_or("set `field` of the source to where the key is"))
    })
}

/// The names of the fields of `root` that have a value; `None` where it is no object.
#[must_use]
pub fn names(root: &RawValue) -> Option<Vec<String>> {
    Some(Fields::of(root)?.values().map(|(name, _)| name.to_owned()).collect())
}

/// Names in backticks, between commas.
#[must_use]
pub fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The value to which `steps` lead from `root`. An error is a hint.
fn follow<'a>(steps: &[String], root: &'a RawValue) -> Result<&'a RawValue, String> {
    let mut way = String::new();
    let mut value = root;
    for step in steps {
        let child = children(value).into_iter().find(|(name, _)| name == step);
        value = child.map(|(_, child)| child).ok_or_else(|| there_is(&way, value))?;
        way = format!("{way}/{}", escaped(step));
    }
    Ok(value)
}

/// The values inside an object or a list, each with the step that leads to it. `null` is no value.
fn children(value: &RawValue) -> Vec<(String, &RawValue)> {
    if let Some(fields) = Fields::of(value) {
        return fields.values().map(|(name, value)| (name.to_owned(), value)).collect();
    }
    let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    let items = items.into_iter().enumerate().filter(|(_, item)| item.get() != "null");
    items.map(|(index, item)| (index.to_string(), item)).collect()
}

/// Returns the hint that says what is at the end of `way`, a JSON pointer or nothing.
fn there_is(way: &str, value: &RawValue) -> String {
    let steps: Vec<_> = children(value).into_iter().map(|(step, _)| step).collect();
    if steps.is_empty() {
        return match (text_of(value.get()), way) {
            (Some(_), "") => "remove `field` of the source to take the whole text".to_owned(),
            (Some(_), way) => format!("set `field` to `{way}`, which is a text"),
            (None, _) => "write a value into the secret: it has none there".to_owned(),
        };
    }
    // The name alone does where it cannot be mistaken for a pointer.
    let is_name = |step: &str| {
        way.is_empty() && value.get().starts_with('{') && step != "*" && !step.starts_with('/')
    };
    let pointer = |step: String| match is_name(&step) {
        true => step,
        false => format!("{way}/{}", escaped(&step)),
    };
    let names: Vec<_> = steps.into_iter().map(pointer).collect();
    format!("set `field` to one that it has: {}", list(&names))
}

/// A name as a step of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const TEXT: &str =
        r#"{"api_key":"sk-1","id":7,"a/b":"sk-2","in":{"keys":["sk-3"],"x/y":"sk-4","n":5}}"#;

    fn read(text: &str, field: &str) -> Result<String, Error> {
        let root: &RawValue = serde_json::from_str(text).unwrap();
        let key = Field::new(field.to_owned()).key(root, "`s`");
        key.map(|key| key.expose().to_owned())
    }

    fn pick(field: &str) -> Result<String, Error> {
        read(TEXT, field)
    }

    #[test]
    fn field_setting_is_a_name_json_pointer_or_star() {
        assert_eq!(pick("api_key").unwrap(), "sk-1");
        assert_eq!(pick("/api_key").unwrap(), "sk-1");
        assert_eq!(pick("id").unwrap(), "7");
        assert_eq!(pick("a/b").unwrap(), "sk-2");
        assert_eq!(pick("/a~1b").unwrap(), "sk-2");
        assert_eq!(pick("/in/keys/0").unwrap(), "sk-3");
        assert_eq!(pick("*").unwrap(), TEXT);
        assert_eq!(read(r#"["sk-1"]"#, "/0").unwrap(), "sk-1");
    }

    #[test]
    fn field_setting_that_is_not_found_lists_the_fields() {
        let error = pick("key").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.message(), "`s` has no field `key`");
        let hint = "set `field` to one that it has: `a/b`, `api_key`, `id`, `in`";
        assert_eq!(error.hint(), Some(&hint.into()));
        let hint =
            |text: &str, field: &str| read(text, field).unwrap_err().hint().unwrap().to_string();
        assert!(hint(TEXT, "/in/key").ends_with("has: `/in/keys`, `/in/n`, `/in/x~1y`"));
        assert!(hint(r#"{"k":null}"#, "k").ends_with("it has none there"));
        assert!(hint(r#"{"k":null,"l":"x"}"#, "k").ends_with("has: `l`"));
        assert_eq!(pick("/in/keys/1").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(pick("/api_key/x").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn field_setting_of_an_object_lists_its_json_pointers() {
        let error = pick("in").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert_eq!(error.message(), "field `in` of `s` is not a text");
        assert_eq!(error.hint(), Some(&"set `field` to a text in it: `/in/n`, `/in/x~1y`".into()));
        assert_eq!(pick("/in/x~1y").unwrap(), "sk-4");
        let hint =
            |text: &str, field: &str| read(text, field).unwrap_err().hint().unwrap().to_string();
        assert_eq!(hint(TEXT, "/in/keys"), "set `field` to a text in it: `/in/keys/0`");
        for text in [r#"{"a":true}"#, r#"{"a":[[1]]}"#, r#"{"a":{}}"#, r#"{"a":[null]}"#] {
            assert_eq!(hint(text, "a"), "set `field` to one that is; `/a/b` leads inwards");
        }
        assert!(hint(r#"{"a/b":{"c":"x"}}"#, "a/b").ends_with("`/a~1b/c`"));
        assert!(hint(r#"{"a":{"b":{"c":"x"}}}"#, "/a/b").ends_with("`/a/b/c`"));
    }

    #[test]
    fn json_pointer_past_a_list_or_text_lists_what_is_there() {
        let hint = |text: &str, field: &str| {
            let error = read(text, field).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{field}");
            error.hint().unwrap().to_string()
        };
        let keys = r#"{"in":{"keys":["sk-1",null,{"k":"sk-2"}],"none":[]},"*":"a","/b":"c"}"#;
        for field in ["/in/keys/1", "/in/keys/3", "/in/keys/-1", "/in/keys/k"] {
            let there = "set `field` to one that it has: `/in/keys/0`, `/in/keys/2`";
            assert_eq!(hint(keys, field), there);
        }
        assert_eq!(hint(keys, "/in/keys/2/x"), "set `field` to one that it has: `/in/keys/2/k`");
        assert_eq!(hint(keys, "/in/keys/0/x"), "set `field` to `/in/keys/0`, which is a text");
        assert_eq!(hint(TEXT, "/id/x"), "set `field` to `/id`, which is a text");
        assert_eq!(hint(keys, "/in/none/0"), "write a value into the secret: it has none there");
        assert_eq!(hint(keys, "b"), "set `field` to one that it has: `/*`, `/~1b`, `in`");
        assert_eq!(hint(r#"["sk-1"]"#, "key"), "set `field` to one that it has: `/0`");
        assert_eq!(hint("17", "a"), "remove `field` of the source to take the whole text");
    }

    #[test]
    fn field_name_with_a_slash_is_used_when_no_json_pointer_matches() {
        assert_eq!(read(r#"{"/a": "sk-1"}"#, "/a").unwrap(), "sk-1");
        assert_eq!(read(r#"{"/a": "sk-1"}"#, "/~1a").unwrap(), "sk-1");
        assert_eq!(read(r#"{"/a/b": "sk-1", "a": {}}"#, "/a/b").unwrap(), "sk-1");
        // A pointer leads further than a name.
        assert_eq!(read(r#"{"/a": "sk-1", "a": "sk-2"}"#, "/a").unwrap(), "sk-2");
        assert_eq!(read(r#"{"/a": "sk-1"}"#, "/b").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn single_json_field_is_read_by_any_name() {
        let root: &RawValue = serde_json::from_str(r#"{"*": "sk-1"}"#).unwrap();
        let key = Field::named("*".to_owned()).key(root, "`s`").unwrap();
        assert_eq!(key.expose(), "sk-1");
    }
}
