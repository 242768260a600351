//! What a change does, without the rest of the file: its neighbours may be secrets.

use std::fmt::Write as _;
use std::path::Path;

use api_key_helper_clients::HelperLine;
use api_key_helper_clients::claude_code::{Change, ENV, HELPER, Settings, TTL_VARIABLE};

/// The two values, as far as they can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values([Option<String>; 2]);

impl Values {
    /// What is written.
    pub(super) fn of(change: &Change) -> Self {
        Self([Some(change.helper.clone()), Some(change.ttl.to_string())])
    }

    /// What stands in a file. Another program's shell line can have a key in it.
    pub(super) fn in_file(settings: &Settings) -> Self {
        let is_ours = |line: &str| HelperLine::parse(line).is_some_and(|line| line.is_ours());
        let is_number = |ttl: &str| ttl.bytes().all(|byte| byte.is_ascii_digit());
        let helper = settings.helper().map(|found| visible(&found.value, is_ours));
        Self([helper, settings.ttl().map(|found| visible(&found.value, is_number))])
    }
}

/// The change from `before` to `after`, in the form of a unified diff.
pub(super) fn difference(path: &Path, before: &Settings, after: &Values) -> String {
    let Values(before) = Values::in_file(before);
    let path = path.display();
    let mut text = format!("--- {path}\n+++ {path}\n");
    let names = [HELPER.to_owned(), format!("{ENV}.{TTL_VARIABLE}")];
    for ((name, before), after) in names.iter().zip(&before).zip(&after.0) {
        if before == after {
            continue;
        }
        for (sign, value) in [('-', before), ('+', after)] {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{sign}{name}: {value}");
            }
        }
    }
    text
}

fn visible(value: &str, is_harmless: impl Fn(&str) -> bool) -> String {
    if is_harmless(value) { value.to_owned() } else { "(not shown)".to_owned() }
}
