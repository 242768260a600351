//! Variables, the user's file and the system's file.

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS, configuration};
use serde_json::Value;

use crate::machine::Machine;

/// Returns a configuration whose source is always down, so that its retries can be counted.
fn down(home: &Home, settings: &str) -> String {
    configuration(settings, "", &home.script("main", "exit 75"))
}

#[test]
fn configuration_precedence_is_variable_user_file_system_file() {
    let machine = Machine::new(|home| down(home, "retries = 2"));
    let runs = |call: Call| {
        let before = machine.home.runs("main");
        call.run().assert_error(1, &["failed with exit code 75"]);
        machine.home.runs("main") - before
    };
    // `--refresh` makes all of its attempts, whatever failed before.
    let call = machine.call(&["get", "--refresh"]);
    assert_eq!(runs(call.clone()), 3);
    machine.home.configure("[profile.main]\nretries = 1\n");
    assert_eq!(runs(call.clone()), 2);
    assert_eq!(runs(call.env("API_KEY_HELPER_RETRY_COUNT", "0")), 1);
}

#[test]
fn system_configuration_source_serves_a_user_without_a_file() {
    let machine = Machine::new(|home| configuration("", "", &home.script("main", KEYS)));
    machine.call(&[]).run().assert_key("key-1");
    machine.call(&[]).run().assert_key("key-1");
    // The user's table overrides the system's, key by key.
    let other = machine.home.script("other", "echo other-$run");
    machine.home.configure(&format!("[source.main]\ncommand = [\"{}\"]\n", other.display()));
    machine.call(&[]).run().assert_key("other-1");
}

#[test]
fn client_ttl_variable_is_used_when_no_file_sets_ttl() {
    let home = Home::with_script(KEYS);
    let ttl = |call: Call| -> Value {
        serde_json::from_str::<Value>(call.run().assert_printed()).unwrap()["ttl_seconds"].clone()
    };
    let call = home.call(["status", "--json"]);
    assert_eq!(ttl(call.clone()), 3_600);
    let call = call.env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "120000");
    assert_eq!(ttl(call.clone()), 120);
    home.configure(&configuration("ttl = \"10m\"", "", &home.path().join("main")));
    assert_eq!(ttl(call), 600);

    let system = "ttl = \"20m\"";
    let machine = Machine::new(|home| configuration(system, "", &home.script("main", KEYS)));
    let call = machine.call(&["status", "--json"]).env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "1");
    assert_eq!(machine.ttl(&call), 1_200);
}

#[test]
fn client_ttl_variable_sets_hold_for_claude_code() {
    let home = Home::with_script(KEYS);
    let hold = |call: Call| -> Value {
        serde_json::from_str::<Value>(call.run().assert_printed()).unwrap()["hold_seconds"].clone()
    };
    let call = home.call(["status", "--json"]);
    assert_eq!(hold(call.clone()), 0);
    let claude = call.env("CLAUDE_CODE_ENTRYPOINT", "cli");
    assert_eq!(hold(claude.clone()), 300);
    assert_eq!(hold(claude.clone().env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "60000")), 60);
    let child = claude.env("CLAUDECODE", "1").env("CLAUDE_CODE_CHILD_SESSION", "1");
    assert_eq!(hold(child), 0);
}
