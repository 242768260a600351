//! Shows a change without the rest of the file, which may contain secrets.

use std::fmt::Write as _;
use std::path::Path;

use api_key_helper_clients::{SlotValue, Slots};
use serde_json::Value;

/// The values that may be shown.
type Shown = Vec<Option<String>>;

pub(super) fn of(values: &[Value]) -> Shown {
    values.iter().map(|value| Some(text(value))).collect()
}

/// The values of a file. Another program's shell line may contain a key, and so may any value that
/// is no number.
pub(super) fn in_file(slots: &Slots, found: &[Option<SlotValue>]) -> Shown {
    let is_ours =
        found.first().and_then(Option::as_ref).is_some_and(|helper| slots.is_ours(&helper.value));
    let visible = |(index, found): (usize, &Option<SlotValue>)| {
        let value = &found.as_ref()?.value;
        let shown = text(value);
        if index == 0 && shown.trim().is_empty() {
            return None;
        }
        // The arguments of our own program were written by `apply`, or contain no secret either.
        let is_harmless = if index == 0 || value.is_array() { is_ours } else { is_number(&shown) };
        Some(if is_harmless { shown } else { "(not shown)".to_owned() })
    };
    found.iter().enumerate().map(visible).collect()
}

/// The change to `after` as a unified diff.
pub(super) fn difference(
    path: &Path,
    slots: &Slots,
    before: &[Option<SlotValue>],
    after: &Shown,
) -> String {
    let path = path.display();
    let mut text = format!("--- {path}\n+++ {path}\n");
    for (index, (before, after)) in in_file(slots, before).iter().zip(after).enumerate() {
        if before == after {
            continue;
        }
        let name = slots.name(index);
        for (sign, value) in [('-', before), ('+', after)] {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{sign}{name}: {value}");
            }
        }
    }
    text
}

/// A value as text, without JSON's quotes.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
