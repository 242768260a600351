//! Changes one value in a TOML text. All other bytes stay.

use serde_json::Value;
use toml_edit::{Array, Document, DocumentMut, InlineTable, Item, RawString, Table, TomlError};

use crate::json::{Malformed, Position, position};

/// Returns the value at `path`, and its place. A type that JSON lacks is null.
pub(crate) fn value(text: &str, path: &[&str]) -> Result<Option<(Value, Position)>, Malformed> {
    let document = Document::parse(text).map_err(|error| malformed(text, &error))?;
    let mut item = document.as_item();
    for name in path {
        match item.as_table_like().and_then(|table| table.get(name)) {
            Some(inner) => item = inner,
            None => return Ok(None),
        }
    }
    let at = item.span().map_or(0, |span| span.start);
    Ok(Some((json(item), position(text, at))))
}

/// Returns `text` with `value` at `path`. Missing tables are added. Fails if the parent of the
/// value is not a table.
pub(crate) fn set(text: &str, path: &[&str], value: &Value) -> Result<String, Malformed> {
    changed(text, |document| {
        let Some((holder, name)) = holder(document, path) else { return false };
        put(holder, name, toml_edit::value(toml(value)))
    })
}

/// Returns `text` with the value that `old` has at `path`, in its spelling; without a value if
/// `old` has none. Fails as [`set`] does.
pub(crate) fn restore(text: &str, path: &[&str], old: &str) -> Result<String, Malformed> {
    let old = parse(&lines(old).0)?;
    let found = path.iter().try_fold(old.as_item(), |item, name| item.as_table_like()?.get(name));
    let found = found.cloned();
    changed(text, |document| {
        let Some(item) = found else { return remove(document, path) };
        let Some((holder, name)) = holder(document, path) else { return false };
        put(holder, name, item)
    })
}

fn remove(document: &mut DocumentMut, path: &[&str]) -> bool {
    let Some((name, around)) = path.split_last() else { return false };
    let mut item = document.as_item_mut();
    for name in around {
        match item.as_table_like_mut().and_then(|table| table.get_mut(name)) {
            Some(inner) => item = inner,
            None => return true,
        }
    }
    if let Some(table) = item.as_inline_table_mut() {
        let is_last = table.iter().last().is_some_and(|(last, _)| last == *name);
        let end = if is_last { take_end(table) } else { None };
        table.remove(name);
        give_end(table, end);
        return true;
    }
    item.as_table_like_mut().is_some_and(|table| {
        table.remove(name);
        true
    })
}

/// Returns the table that holds the last name, and makes it if it is missing. New tables around it
/// get no header; a table inside an inline table cannot have one.
fn holder<'a, 'b>(
    document: &'a mut DocumentMut,
    path: &[&'b str],
) -> Option<(&'a mut Item, &'b str)> {
    let (name, around) = path.split_last()?;
    let mut item = document.as_item_mut();
    for (depth, name) in around.iter().enumerate() {
        if item.as_table_like()?.get(name).is_none() {
            let new = if item.is_inline_table() {
                toml_edit::value(InlineTable::new())
            } else {
                let mut new = Table::new();
                new.set_implicit(depth + 1 < around.len());
                Item::Table(new)
            };
            put(item, name, new);
        }
        item = item.as_table_like_mut()?.get_mut(name)?;
    }
    Some((item, name))
}

/// Sets a value in a table: in place of an old value, with the space around that, or at the end.
/// Returns false if the holder is not a table.
fn put(holder: &mut Item, name: &str, mut item: Item) -> bool {
    if let Some(there) = holder.as_table_like_mut().and_then(|table| table.get_mut(name)) {
        if let (Some(old), Some(new)) = (there.as_value(), item.as_value_mut()) {
            *new.decor_mut() = old.decor().clone();
        }
        *there = item;
    } else if let Some(table) = holder.as_inline_table_mut() {
        let Ok(value) = item.into_value() else { return false };
        let end = take_end(table);
        if table.is_empty() {
            table.set_trailing("");
        }
        table.insert(name, value);
        give_end(table, end);
    } else if let Some(table) = holder.as_table_like_mut() {
        table.insert(name, item);
    } else {
        return false;
    }
    true
}

/// Takes the space between an inline table's last value and the comma or brace after it. A comment
/// there belongs to the value.
fn take_end(table: &mut InlineTable) -> Option<RawString> {
    let decor = last_value(table)?.decor_mut();
    let end = decor.suffix().filter(|end| is_space(end)).cloned();
    if end.is_some() {
        decor.set_suffix("");
    }
    end
}

/// Puts that space after the value that is now the last.
fn give_end(table: &mut InlineTable, end: Option<RawString>) {
    if let (Some(value), Some(end)) = (last_value(table), end)
        && value.decor().suffix().is_none_or(is_space)
    {
        value.decor_mut().set_suffix(end);
    }
}

fn is_space(text: &RawString) -> bool {
    text.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Returns the value that is written last: for a dotted name, it is further in.
fn last_value(table: &mut InlineTable) -> Option<&mut toml_edit::Value> {
    let (_, value) = table.iter_mut().last()?;
    if value.as_inline_table().is_some_and(InlineTable::is_dotted) {
        return last_value(value.as_inline_table_mut()?);
    }
    Some(value)
}

/// Returns the text after a change, with its own line ends. `change` returns false if it fails.
fn changed(text: &str, change: impl FnOnce(&mut DocumentMut) -> bool) -> Result<String, Malformed> {
    let (plain, line_end) = lines(text);
    let mut document = parse(&plain)?;
    // `toml_edit` adds a line end after the last line.
    let is_open = !plain.ends_with('\n') && document.to_string().ends_with('\n');
    let written = |document: &DocumentMut| {
        let mut text = document.to_string();
        if is_open {
            text.pop();
        }
        text
    };
    if written(&document) != plain {
        let reason = "a change would affect other lines: use the same line ending everywhere";
        return Err(Malformed::at(text, 0, reason));
    }
    if !change(&mut document) {
        return Err(Malformed::at(text, 0, "the parent of the setting is not a table"));
    }
    Ok(written(&document).replace('\n', line_end))
}

/// Returns the text with `\n` only, which is all that `toml_edit` writes, and the line end of the
/// text.
fn lines(text: &str) -> (String, &'static str) {
    let is_windows = text.contains("\r\n") && !text.replace("\r\n", "").contains('\n');
    if is_windows { (text.replace("\r\n", "\n"), "\r\n") } else { (text.to_owned(), "\n") }
}

fn parse(text: &str) -> Result<DocumentMut, Malformed> {
    text.parse().map_err(|error| malformed(text, &error))
}

fn malformed(text: &str, error: &TomlError) -> Malformed {
    let at = error.span().map_or(0, |span| span.start);
    let reason = error.message().lines().next().unwrap_or_default();
    // A name in backticks comes from the file.
    let is_shown = !reason.is_empty() && !reason.contains('`');
    Malformed::at(text, at, if is_shown { reason } else { "this is not TOML" })
}

fn json(item: &Item) -> Value {
    if let Some(table) = item.as_table_like() {
        return table.iter().map(|(name, item)| (name.to_owned(), json(item))).collect();
    }
    match item.as_value() {
        Some(toml_edit::Value::String(text)) => text.value().as_str().into(),
        Some(toml_edit::Value::Integer(number)) => (*number.value()).into(),
        Some(toml_edit::Value::Boolean(is)) => (*is.value()).into(),
        Some(toml_edit::Value::Array(all)) => {
            all.iter().map(|value| json(&Item::Value(value.clone()))).collect()
        }
        _ => Value::Null,
    }
}

fn toml(value: &Value) -> toml_edit::Value {
    match value {
        Value::Number(number) => number.as_i64().unwrap_or(i64::MAX).into(),
        Value::Bool(is) => (*is).into(),
        Value::Array(all) => all.iter().map(toml).collect::<Array>().into(),
        other => other.as_str().unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &[&str] = &["p", "x", "auth", "command"];

    fn with(text: &str, value: &str) -> String {
        set(text, PATH, &value.into()).unwrap()
    }

    #[test]
    fn toml_value_added_gets_its_own_table() {
        let table = "[p.x.auth]\ncommand = \"a\"\n";
        assert_eq!(with("", "a"), table);
        let before = "# mine\nm = 'o'   # kept\n\n[p.x]\nurl = \"u\"\n\n[z]\ny = 1\n";
        let expected = "# mine\nm = 'o'   # kept\n\n[p.x]\nurl = \"u\"\n\n[p.x.auth]\ncommand = \"a\"\n\n[z]\ny = 1\n";
        assert_eq!(with(before, "a"), expected);
        assert_eq!(with(&before.replace('\n', "\r\n"), "a"), expected.replace('\n', "\r\n"));
        assert_eq!(with("p.x.auth = {}\n", "a"), "p.x.auth = { command = \"a\" }\n");
    }

    #[test]
    fn toml_value_added_to_an_inline_table_stays_inline() {
        let before = "p.x = { url = \"u\", }\n";
        let after = with(before, "a");
        assert_eq!(after, "p.x = { url = \"u\", auth = { command = \"a\" }, }\n");
        assert_eq!(with("p = { }", "a"), "p = { x = { auth = { command = \"a\" } } }");
        for (before, after) in [
            ("p.x = { url = 'u' }\n", "p.x = { url = 'u', auth = { command = \"a\" } }\n"),
            ("p.x = {url = 'u'}\n", "p.x = {url = 'u', auth = { command = \"a\" }}\n"),
            ("p = { x.url = 'u' }\n", "p = { x.url = 'u', x.auth = { command = \"a\" } }\n"),
            ("p.x.auth = { args = [] }\n", "p.x.auth = { args = [], command = \"a\" }\n"),
            ("p.x = { y = 1 # o\n}\n", "p.x = { y = 1 # o\n, auth = { command = \"a\" } }\n"),
            ("p.x.auth = {\n  n.m = 1\n}\n", "p.x.auth = {\n  n.m = 1, command = \"a\"\n}\n"),
        ] {
            assert_eq!(with(before, "a"), after);
            // A table that did not exist before is removed as a whole.
            let path = if before.contains("auth") { PATH } else { &PATH[..3] };
            assert_eq!(restore(after, path, before).unwrap(), before);
        }
    }

    #[test]
    fn toml_value_replaced_keeps_its_comment() {
        let before = "[p.x.auth]\ncommand   =  'old'  # mine\nargs = [ 1 ]\n";
        let expected = "[p.x.auth]\ncommand   =  \"a\"  # mine\nargs = [ 1 ]\n";
        assert_eq!(with(before, "a"), expected);
        assert_eq!(restore(expected, PATH, before).unwrap(), before);
    }

    #[test]
    fn toml_value_has_line_and_column() {
        let text = "[p.x]\nauth = { command = 'c', args = ['a', \"b\"], n = 5 }\n";
        let (value, position) = value(text, &["p", "x", "auth"]).unwrap().unwrap();
        assert_eq!(value, serde_json::json!({"command": "c", "args": ["a", "b"], "n": 5}));
        assert_eq!(position, Position { line: 2, column: 8 });
        assert_eq!(super::value(text, &["p", "y", "auth"]), Ok(None));
    }

    #[test]
    fn invalid_toml_names_its_line_and_shows_no_secret() {
        for (text, place) in [
            ("a = 1\nb = sk-canary\n", "line 2, column 5: "),
            ("sk-canary = 1\nsk-canary = 2\n", "line 2, column 1: "),
        ] {
            let error = value(text, PATH).unwrap_err().to_string();
            assert!(error.starts_with(place) && !error.contains("canary"), "{error}");
        }
        assert!(set("p = 1\n", PATH, &"a".into()).is_err());
        assert!(set("a = 1\r\nb = 2\n", PATH, &"a".into()).is_err());
    }
}
