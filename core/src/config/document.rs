//! One configuration file: its values, and where each of them stands.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Error;

/// Where a key stands in a configuration file. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: Arc<Path>,
    line: usize,
    column: usize,
}

impl Place {
    fn new(file: &Arc<Path>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: Arc::clone(file),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The folder that relative paths at this place are relative to.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or_else(|| Path::new("/"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A parsed file.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) values: toml::Table,
    pub(super) places: Places,
}

/// The place of each key, by its path from the root.
pub(super) type Places = BTreeMap<Vec<String>, Place>;

impl Document {
    /// Parses the content of `file`.
    pub(super) fn parse(file: PathBuf, bytes: &[u8]) -> Result<Self, Error> {
        let file: Arc<Path> = file.into();
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let place = Place::new(&file, &valid, valid.len());
            Error::misconfigured(format!("{place} is not UTF-8"))
                .with_hint("save the file as UTF-8")
        })?;
        let root = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let place = Place::new(&file, text, offset);
            Error::misconfigured(format!("{place}: {}", error.message()))
                .with_hint("mend the TOML at that line")
        })?;
        let mut reader = Reader { file: &file, text, places: Places::new() };
        let values = reader.table(root.get_ref(), &mut Vec::new());
        Ok(Self { values, places: reader.places })
    }
}

struct Reader<'a> {
    file: &'a Arc<Path>,
    text: &'a str,
    places: Places,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &mut Vec<String>) -> toml::Table {
        let mut values = toml::Table::new();
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.places.insert(path.clone(), Place::new(self.file, self.text, key.span().start));
            values.insert(key.get_ref().to_string(), self.value(value, path));
            path.pop();
        }
        values
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &mut Vec<String>) -> toml::Value {
        match value.get_ref() {
            DeValue::Table(table) => toml::Value::Table(self.table(table, path)),
            DeValue::Array(items) => {
                toml::Value::Array(items.iter().map(|item| self.value(item, path)).collect())
            }
            DeValue::String(text) => toml::Value::String(text.to_string()),
            DeValue::Boolean(value) => toml::Value::Boolean(*value),
            DeValue::Datetime(value) => toml::Value::Datetime(*value),
            // A number that does not fit stays a text, so that reading it as a number says why.
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| toml::Value::String(number.to_string()), toml::Value::Integer),
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map_or_else(|_| toml::Value::String(number.to_string()), toml::Value::Float),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, Error> {
        Document::parse("/etc/c.toml".into(), text.as_bytes())
    }

    #[test]
    fn every_key_has_a_place() {
        let text = "a = 1\n[source.x]\nb = { c = 2 }\nd.e = [\n  { f = 3 },\n]\n";
        let document = parse(text).unwrap();
        let place = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            document.places[&path].to_string()
        };
        assert_eq!(place(&["a"]), "/etc/c.toml:1:1");
        assert_eq!(place(&["source", "x"]), "/etc/c.toml:2:9");
        assert_eq!(place(&["source", "x", "b", "c"]), "/etc/c.toml:3:7");
        assert_eq!(place(&["source", "x", "d", "e", "f"]), "/etc/c.toml:5:5");
    }

    #[test]
    fn what_is_not_toml_has_a_place() {
        let error = parse("a = 1\nb = \n").unwrap_err();
        assert!(error.message().starts_with("/etc/c.toml:2:"), "{error}");
        let error = Document::parse("/c".into(), b"a = 1\nb = '\xff'").unwrap_err();
        assert_eq!(error.message(), "/c:2:6 is not UTF-8");
    }
}
