//! Changes one value in a JSON text. All other bytes stay.
//!
//! The changes are spliced in at the places that the parser reports. A tree editor would reformat
//! an object that is on one line.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged as _;

use super::{Malformed, object};

/// Returns `text` with `literal`, which is JSON, as the value at `path` (names of properties, from
/// the outermost object on). Missing properties are added at the end, in the layout of the text.
///
/// Fails if the text is not an object, or if the parent of the value is not one.
pub(crate) fn set(text: &str, path: &[&str], literal: &str) -> Result<String, Malformed> {
    let Some(root) = object(text)? else {
        let line_end = line_end(text);
        return set(&format!("{{}}{line_end}"), path, literal);
    };
    let layout = Layout::of(text, &root);
    let Reached { holder, depth, at } = reach(text, &root, path)?;
    if let Some(at) = at {
        let value = &holder.properties[at].value;
        return Ok(spliced(text, value.start(), value.end(), literal));
    }
    let (name, rest) = path[depth..].split_first().unwrap_or((&"", &[]));
    let property = layout.property(name, &layout.nested(rest, depth + 1, literal));
    Ok(match holder.properties.last() {
        Some(last) => {
            let behind = last.value.end();
            spliced(text, behind, behind, &format!(",{}{property}", layout.gap(text, holder)))
        }
        None => {
            let (start, end) = (holder.range.start, holder.range.end);
            spliced(text, start, end, &layout.object(depth, &property))
        }
    })
}

/// Returns `text` without the property at `path`. Fails as [`set`] does.
pub(crate) fn remove(text: &str, path: &[&str]) -> Result<String, Malformed> {
    let Some(root) = object(text)? else { return Ok(text.to_owned()) };
    let Reached { holder, at: Some(at), .. } = reach(text, &root, path)? else {
        return Ok(text.to_owned());
    };
    let all = &holder.properties;
    let (start, end) = match (at, all.get(at + 1)) {
        (0, None) => (holder.range.start + 1, holder.range.end - 1),
        (0, Some(next)) => (all[0].name.start(), next.name.start()),
        _ => (all[at - 1].value.end(), all[at].value.end()),
    };
    Ok(spliced(text, start, end, ""))
}

/// Returns the value at `path`, as it is spelled. Fails as [`set`] does.
pub(crate) fn literal<'a>(text: &'a str, path: &[&str]) -> Result<Option<&'a str>, Malformed> {
    Ok(range(text, path)?.map(|range| &text[range]))
}

/// Returns the range of the value at `path`. Fails as [`set`] does.
pub(crate) fn range(text: &str, path: &[&str]) -> Result<Option<Range<usize>>, Malformed> {
    let Some(root) = object(text)? else { return Ok(None) };
    let Reached { holder, at, .. } = reach(text, &root, path)?;
    let value = at.map(|at| &holder.properties[at].value);
    Ok(value.map(|value| value.start()..value.end()))
}

/// The part of a path that exists.
struct Reached<'a, 'b> {
    /// The object that holds the value, or would hold it.
    holder: &'a Object<'b>,
    /// The number of objects around `holder`.
    depth: usize,
    /// The index of the value's property; `None` if the rest of the path is missing.
    at: Option<usize>,
}

fn reach<'a, 'b>(
    text: &str,
    root: &'a Object<'b>,
    path: &[&str],
) -> Result<Reached<'a, 'b>, Malformed> {
    let mut holder = root;
    for (depth, name) in path.iter().enumerate() {
        // `JSON.parse` uses the last property of a name.
        let at = holder.properties.iter().rposition(|property| property.name.as_str() == *name);
        match at {
            Some(at) if depth + 1 < path.len() => match &holder.properties[at].value {
                Value::Object(inner) => holder = inner,
                other => {
                    let reason = format!("`{name}` is not an object");
                    return Err(Malformed::at(text, other.start(), reason));
                }
            },
            _ => return Ok(Reached { holder, depth, at }),
        }
    }
    Ok(Reached { holder, depth: 0, at: None })
}

/// The layout of a text, as its outermost object shows it.
struct Layout<'a> {
    line_end: &'a str,
    /// One step; `None` if everything is on one line.
    indent: Option<&'a str>,
    /// The text between a name and its value.
    colon: &'a str,
}

impl<'a> Layout<'a> {
    fn of(text: &'a str, root: &Object<'_>) -> Self {
        let line_end = line_end(text);
        match root.properties.last() {
            None => Self { line_end, indent: Some("  "), colon: ": " },
            Some(last) => {
                let before = blank_before(text, last.name.start());
                let indent = before.rfind('\n').map(|end| &before[end + 1..]);
                Self { line_end, indent, colon: &text[last.name.end()..last.value.start()] }
            }
        }
    }

    fn property(&self, name: &str, literal: &str) -> String {
        format!("\"{name}\"{}{literal}", self.colon)
    }

    /// Returns `literal` inside new objects for the names of `path`.
    fn nested(&self, path: &[&str], depth: usize, literal: &str) -> String {
        match path.split_first() {
            None => literal.to_owned(),
            Some((name, rest)) => {
                self.object(depth, &self.property(name, &self.nested(rest, depth + 1, literal)))
            }
        }
    }

    /// Returns an object with one property, inside `depth` objects.
    fn object(&self, depth: usize, property: &str) -> String {
        let Self { line_end, indent, .. } = self;
        match indent {
            None => format!("{{{property}}}"),
            Some(indent) => {
                let outer = indent.repeat(depth);
                format!("{{{line_end}{outer}{indent}{property}{line_end}{outer}}}")
            }
        }
    }

    /// Returns the text between a comma and the next property of `holder`.
    fn gap(&self, text: &str, holder: &Object<'_>) -> String {
        let last = holder.properties.last().map_or(0, |last| last.name.start());
        let before = blank_before(text, last);
        match before.rfind('\n') {
            Some(end) => format!("{}{}", self.line_end, &before[end + 1..]),
            None if self.colon.ends_with(' ') => " ".to_owned(),
            None => String::new(),
        }
    }
}

/// Returns the first line end of a text.
fn line_end(text: &str) -> &str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn blank_before(text: &str, end: usize) -> &str {
    let before = &text[..end];
    &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..]
}

fn spliced(text: &str, start: usize, end: usize, new: &str) -> String {
    [&text[..start], new, &text[end..]].concat()
}

#[cfg(test)]
mod tests;
