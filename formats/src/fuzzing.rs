//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::collections::BTreeMap;

use api_key_helper_values::{Error, Key, Moment, SHOWN_LENGTH};

use crate::cargo::Request;
use crate::{
    Description, ExecInfo, Headers, IssuedKey, Origin, Username, VariableName, env,
    exec_credential, headers, json,
};

const KEY: &str = "canary-0123456789";

/// Any description by git is answered with `key=value` lines, or refused without quoting it.
pub fn git_description(bytes: &[u8]) {
    let key = key(KEY);
    match Description::parse(bytes) {
        Ok(description) => {
            let answer = description.answer(&given(&key), &Username::default());
            assert!(answer.lines().all(|line| line.contains('=')), "{}", *answer);
            assert_eq!(answer.matches(KEY).count(), 1);
        }
        Err(error) => shows_nothing(&error, bytes),
    }
}

/// Any line by Cargo is a request, or is refused without quoting it.
pub fn cargo_request(bytes: &[u8]) {
    if let Err(error) = Request::parse(bytes) {
        shows_nothing(&error, bytes);
    }
}

/// Any `ExecCredential` is answered in a supported version, or is refused without quoting it.
pub fn exec_info(bytes: &[u8]) {
    let key = key(KEY);
    match ExecInfo::parse(bytes) {
        Ok(info) => {
            let answer = info.answer(&given(&key));
            let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
            assert_eq!(answer["status"]["token"], KEY);
            let version = answer["apiVersion"].as_str().unwrap_or_default();
            assert!(exec_credential::VERSIONS.contains(&version), "{version}");
        }
        Err(error) => shows_nothing(&error, bytes),
    }
}

/// Any key survives each form that quotes it; any URL has one server, which parses to itself.
pub fn quoted_key(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(origin) = Origin::of(text) {
        assert_eq!(Origin::of(&origin.to_string()).as_ref(), Some(&origin));
    }
    let Ok(key) = Key::parse(text) else { return };
    let given = given(&key);
    let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap_or_default();
    assert_eq!(read(&json::answer(&given))["key"], key.expose());
    let all = Headers::try_from(BTreeMap::from([("A".to_owned(), Headers::KEY.to_owned())]));
    let all = all.unwrap_or_default();
    let headers = headers::answer(&given, &all).map(|json| read(&json)).unwrap_or_default();
    assert_eq!(headers["A"], key.expose());
    let lines = env::Shell::Posix.answer(&given, &VariableName::default());
    let value = lines.lines().next().and_then(|line| line.split_once('=')).map(|(_, value)| value);
    let inner = value.and_then(|value| value.strip_prefix('\'')?.strip_suffix('\''));
    assert_eq!(inner.unwrap_or_default().replace(r"'\''", "'"), key.expose());
}

/// The error consists of fixed words and numbers: its subject could be a secret.
fn shows_nothing(error: &Error, bytes: &[u8]) {
    let report = error.report();
    assert!(report.chars().count() < SHOWN_LENGTH, "{report}");
    let words = bytes.split(|byte| !byte.is_ascii_alphanumeric());
    for word in words.filter(|word| word.len() >= SECRET_LENGTH) {
        assert!(!report.contains(&*String::from_utf8_lossy(word)), "{report}");
    }
}

/// Shorter words could be part of our own text.
const SECRET_LENGTH: usize = 16;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn given(key: &Key) -> IssuedKey<'_> {
    let end = Moment::from_unix_millis(2_000_000_000_000);
    IssuedKey { key, source: "main", expires_at: Some(end), ask_again_at: end }
}

/// The targets.
pub const TARGETS: &[Trial] = &[
    ("cargo_request", cargo_request),
    ("exec_info", exec_info),
    ("git_description", git_description),
    ("quoted_key", quoted_key),
];

/// The name of a target in `fuzz/`, and its function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_formats_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
