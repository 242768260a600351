//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use serde_json::Value;

use crate::HelperLine;
use crate::claude_code::{Change, ENV, HELPER, Settings, TTL_VARIABLE, slots};
use crate::codex;
use crate::syntax::Syntax;

/// A settings file is refused without quoting it, or it takes our two values and gives them back.
/// Afterwards it is the same, byte for byte.
pub fn settings(bytes: &[u8]) {
    let change = Change { helper: "exec '/b/api-key-helper'".to_owned(), ttl: 300_000 };
    let (slots, values) = (slots(), change.values());
    let now = match slots.put(bytes, &values) {
        Ok(now) => now,
        Err(malformed) => {
            assert!(malformed.to_string().chars().count() < 200, "{malformed}");
            return;
        }
    };
    let before = Settings::parse(bytes).unwrap_or_default();
    let after = Settings::parse(&now).unwrap_or_default();
    assert_eq!(after.helper().map(|helper| &*helper.value), Some(&*change.helper));
    assert_eq!(after.ttl().map(|ttl| &*ttl.value), Some("300000"));
    assert_eq!(slots.put(&now, &values).as_ref(), Ok(&now), "a second change changes nothing");
    assert_eq!(slots.take_back(&now, Some(bytes)), Ok(Some(bytes.to_vec())), "not as it was");
    // Another parser, closer to the client's, sees our two values and no other change.
    let (Some(old), Some(new)) = (object(bytes), object(&now)) else { return };
    assert_eq!(new[HELPER], change.helper);
    assert_eq!(new[ENV][TTL_VARIABLE].to_string().trim_matches('"'), "300000");
    assert_eq!(without_ours(old), without_ours(new));
    assert!(before.env.keys().all(|name| after.env.contains_key(name)));
}

/// Codex's configuration is refused without quoting it, or a provider takes its command and gives
/// it back. Afterwards the file is the same, byte for byte.
pub fn codex(bytes: &[u8]) {
    let change = codex::Change {
        command: "/b/api-key-helper".to_owned(),
        arguments: vec!["get".to_owned()],
        timeout: 5_000,
        refresh_interval: 30_000,
    };
    let (slots, values) = (codex::slots("x"), change.values());
    let Ok(now) = slots.put(bytes, &values) else { return };
    assert_eq!(slots.put(&now, &values).as_ref(), Ok(&now), "a second change changes nothing");
    assert_eq!(slots.take_back(&now, Some(bytes)), Ok(Some(bytes.to_vec())), "not as it was");
    let found = slots.find(&now).unwrap_or_default();
    let found: Vec<_> = found.into_iter().flatten().map(|found| found.value).collect();
    assert_eq!(found, values);
    let all_else = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let mut all = Syntax::Toml.value(text.trim_start_matches('\u{feff}'), &[]).ok()??.0;
        let provider = all.get_mut("model_providers")?.get_mut("x")?.as_object_mut()?;
        if let Some(auth) = provider.get_mut("auth").and_then(Value::as_object_mut) {
            auth.retain(|name, _| slots.paths.iter().all(|path| path.last() != Some(name)));
            if auth.is_empty() {
                provider.remove("auth");
            }
        }
        Some(all)
    };
    assert_eq!(all_else(&now), all_else(bytes), "something else changed");
}

/// A line that counts as ours runs our program; a line that we write is ours, and has the arguments
/// that it was written with.
pub fn helper_line(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(line) = HelperLine::parse(text)
        && line.is_ours()
    {
        assert!(line.program.contains("api-key-helper"), "{}", line.program);
    }
    let (folder, config) = text.split_once('\n').unwrap_or((text, "c.toml"));
    let program = format!("/{folder}/api-key-helper");
    let Ok(line) = HelperLine::ours(program.as_ref(), Some("work"), Some(config.as_ref())) else {
        return;
    };
    if config.is_empty() || text.contains('\0') {
        return;
    }
    let parsed = HelperLine::parse(&line);
    let Some(parsed) = parsed else { panic!("it cannot be read: {line}") };
    assert_eq!(parsed.program, program);
    assert_eq!(parsed.profile(), Some("work"));
    assert_eq!(parsed.config(), Some(config.as_ref()));
    assert!(parsed.is_ours(), "{line}");
}

fn object(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_json::from_str(text).ok().filter(Value::is_object)
}

fn without_ours(mut settings: Value) -> Value {
    if let Some(settings) = settings.as_object_mut() {
        settings.remove(HELPER);
        if let Some(env) = settings.get_mut(ENV).and_then(Value::as_object_mut) {
            env.remove(TTL_VARIABLE);
            if env.is_empty() {
                settings.remove(ENV);
            }
        }
    }
    settings
}

/// The targets.
pub const TARGETS: &[Trial] =
    &[("codex", codex), ("helper_line", helper_line), ("settings", settings)];

/// The name of a target in `fuzz/`, and its function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_clients_still_pass() {
        fuzz_replay::replay(TARGETS);
    }

    proptest! {
        /// Lines of a Codex configuration in any order; most orders are not valid TOML.
        #[test]
        fn codex_toml_of_any_lines_never_panics(
            lines in prop::collection::vec(prop::sample::select(LINES), 0..9),
            end in "(\r?\n)?",
        ) {
            super::codex((lines.join("\n") + &end).as_bytes());
            super::codex((lines.join("\r\n") + &end).as_bytes());
        }
    }

    const LINES: &[&str] = &[
        "",
        "# a comment",
        "model = 'o' # mine",
        "[model_providers.x]",
        "[model_providers.x.auth]",
        "[model_providers]",
        "  [ model_providers . \"x\" ]  # spaced",
        "model_providers.x = { name = 'X' }",
        "x = { name = 'X', auth = { command = 'a', args = [1, 2 ] } }",
        "name = \"X\"",
        "command  =  '''gcloud'''",
        "args = [\n  'a', # first\n]",
        "timeout_ms = 5_000",
        "[z]",
        "auth.command = 'b'",
    ];
}
