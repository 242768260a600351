//! A configuration file: its values with their places.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api_key_helper_values::{Error, text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The place of a key in a configuration file. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: Arc<Path>,
    line: usize,
    column: usize,
    is_draft: bool,
}

impl Place {
    /// Returns the folder that relative paths at this place are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or_else(|| Path::new("/"))
    }

    /// The place in front of a message; nothing for a draft, of which the user has seen no line.
    pub(crate) fn introduction(&self) -> String {
        if self.is_draft { String::new() } else { format!("{self}: ") }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A parsed file.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The values.
    pub values: toml::Table,
    /// The places of the values.
    pub places: Places,
}

/// The place of each key, by its path from the root.
pub type Places = BTreeMap<Vec<String>, Place>;

impl Document {
    /// Parses the content of `file`.
    ///
    /// # Errors
    /// `Misconfigured`, with the place: the content is not TOML.
    pub fn parse(file: PathBuf, bytes: &[u8]) -> Result<Self, Error> {
        let file: Arc<Path> = file.into();
        let bytes = text::unmarked(bytes)
            .map_err(|error| error.at(format_args!("`{}`", file.display())))?;
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let place = Lines::of(&file, &valid).place(valid.len());
            Error::misconfigured(format!("{place} is not UTF-8"))
                .with_hint("save the file as UTF-8")
        })?;
        let lines = Lines::of(&file, text);
        let root = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let place = lines.place(start);
            Error::misconfigured(format!("{place}: {}", error.message()))
                .with_hint(hint_at(text, start))
        })?;
        let mut reader = Reader { lines: &lines, places: Places::new() };
        let values = reader.table(root.get_ref(), &mut Vec::new());
        Ok(Self { values, places: reader.places })
    }

    /// The same of a file that is not written yet: errors name no lines of it.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_draft(file: PathBuf, bytes: &[u8]) -> Result<Self, Error> {
        let mut document = Self::parse(file, bytes)?;
        document.places.values_mut().for_each(|place| place.is_draft = true);
        Ok(document)
    }
}

/// Returns the hint for a mistake at this offset. In double quotes, a backslash begins an escape: a
/// common mistake with Windows paths.
fn hint_at(text: &str, start: usize) -> &'static str {
    let around = text.as_bytes().get(start.saturating_sub(2)..).unwrap_or_default();
    if around.iter().take(3).any(|byte| *byte == b'\\') {
        return "put a string with `\\` in single quotes, such as `'C:\\keys\\gen.cmd'`";
    }
    "fix the TOML at that line"
}

/// The lines of a file. The counts that find a place are computed once: counting again for each key
/// would take quadratic time, in the number of lines or within one line.
struct Lines<'a> {
    file: &'a Arc<Path>,
    text: &'a [u8],
    /// The offsets of the first character of each line.
    starts: Vec<usize>,
    /// The number of characters before each block.
    before: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(file: &'a Arc<Path>, text: &'a str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let starts = std::iter::once(0).chain(after_newlines).collect();
        let text = text.as_bytes();
        let before = text.chunks(BLOCK).scan(0, |count, block| {
            let before = *count;
            *count += characters(block);
            Some(before)
        });
        Self { file, text, starts, before: before.collect() }
    }

    /// Returns the place of the byte at `offset`.
    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let column = self.characters_before(offset) - self.characters_before(start) + 1;
        Place { file: Arc::clone(self.file), line, column, is_draft: false }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        // At the end of the text there may be no block.
        let Some(before) = self.before.get(block) else { return characters(self.text) };
        before + characters(&self.text[block * BLOCK..offset])
    }
}

/// The largest number of bytes that are counted to find a place.
const BLOCK: usize = 256;

/// Returns the number of characters that begin in `text`, which is UTF-8.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

struct Reader<'a> {
    lines: &'a Lines<'a>,
    places: Places,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &mut Vec<String>) -> toml::Table {
        let mut values = toml::Table::new();
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.places.insert(path.clone(), self.lines.place(key.span().start));
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
            // A number that does not fit stays a string, so that the error about its type appears
            // later.
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
    fn toml_windows_path_in_double_quotes_hints_at_single_quotes() {
        for path in [r"C:\keys\gen.cmd", r"C:\Users\ann\gen.cmd", r"\\server\x\gen.cmd"] {
            let text = format!("[source.a]\ncommand = [\"{path}\"]\n");
            let error = Document::parse("/c.toml".into(), text.as_bytes()).unwrap_err();
            assert!(
                error.hint().unwrap().to_string().contains("single quotes"),
                "{path}: {error:?}"
            );
        }
        let error = Document::parse("/c.toml".into(), b"a = = 1").unwrap_err();
        assert_eq!(error.hint(), Some(&"fix the TOML at that line".into()));
    }

    #[test]
    fn toml_key_has_line_and_column() {
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
    fn toml_column_counts_characters_across_a_long_line() {
        let file: Arc<Path> = Path::new("/c").into();
        let text = format!("# ü\n{}\n{}", "aü€𝄞".repeat(300), "b".repeat(2 * BLOCK - 5));
        let lines = Lines::of(&file, &text);
        let (mut line, mut column) = (1, 1);
        for (offset, character) in text.char_indices() {
            let Place { line: found, column: place, .. } = lines.place(offset);
            assert_eq!((found, place), (line, column), "{offset}");
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        for end in [text.len(), text.len() + 1] {
            assert_eq!((lines.place(end).line, lines.place(end).column), (line, column));
        }
        let block = "b".repeat(BLOCK);
        assert_eq!(Lines::of(&file, &block).place(BLOCK).column, BLOCK + 1);
    }

    #[test]
    fn invalid_toml_or_utf16_names_its_line() {
        let error = parse("a = 1\nb = \n").unwrap_err();
        assert!(error.message().starts_with("/etc/c.toml:2:"), "{error}");
        let error = Document::parse("/c".into(), b"a = 1\nb = '\xff'").unwrap_err();
        assert_eq!(error.message(), "/c:2:6 is not UTF-8");
        let utf16: Vec<u8> =
            "\u{feff}a = 1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let error = Document::parse("/c".into(), &utf16).unwrap_err();
        assert_eq!(error.message(), "`/c` is UTF-16 instead of UTF-8");
        // A byte-order mark is not part of the text.
        let marked = Document::parse("/c".into(), "\u{feff}a = 1\n".as_bytes()).unwrap();
        assert_eq!(marked.places[&vec!["a".to_owned()]].to_string(), "/c:1:1");
    }
}
