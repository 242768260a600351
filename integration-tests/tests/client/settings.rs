//! Settings that change while the client works. Before its next request it runs the helper again,
//! whatever has changed, even if it is only a permission that a user granted permanently.

use std::fs;
use std::path::Path;

use integration_tests::wait::until;
use serde_json::{Value, json};

use crate::runs::Runs;
use crate::world::{FIRST, SECOND, World};

#[test]
fn claude_code_settings_change_is_no_rejection() {
    let world = World::new();
    let runs = Runs::of(&world.home);
    let user = world.home.path().join(".claude/settings.json");
    let claude = world.claude();
    change(&user, "apiKeyHelper", json!(runs.line()));
    let mut session = claude.session();
    session.ping();
    let granted = world.home.path().join("project/.claude/settings.local.json");
    for (file, command) in [(&user, "ls"), (&granted, "cat"), (&granted, "wc"), (&user, "true")] {
        let before = runs.count();
        change(file, "permissions", json!({ "allow": [format!("Bash({command})")] }));
        until("the client has noticed, and asks anew", || {
            session.ping();
            (runs.count() > before).then_some(())
        });
    }
    runs.assert_quiet();
    assert_eq!(world.reads(), 1);

    // A refusal is still noticed.
    world.rotate(SECOND);
    world.api.accept_only(&[SECOND]);
    session.ping();
    assert_eq!(session.end(), "");
    let refused = world.api.answered().into_iter().filter(|(_, status)| *status != 200);
    assert_eq!(refused.collect::<Vec<_>>(), [(FIRST.to_owned(), 401)]);
    assert_eq!(world.reads(), 2);
}

fn change(file: &Path, name: &str, value: Value) {
    let text = fs::read_to_string(file).unwrap_or_else(|_| "{}".to_owned());
    let mut settings: Value = serde_json::from_str(&text).unwrap();
    settings[name] = value;
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, settings.to_string()).unwrap();
}
