//! Variables, the user's file and the system's file.

use std::path::Path;

use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, KEYS, SYSTEM_CONFIG, configuration};
use integration_tests::mounts::Mounts;
use serde_json::Value;

/// A user whose machine has a configuration for all of them.
struct Machine {
    home: Home,
    mounts: Mounts,
}

impl Machine {
    fn new(system: impl FnOnce(&Home) -> String) -> Self {
        let home = Home::new();
        let file = home.write("system.toml", system(&home));
        // A whole `/etc` of its own: nobody but root could make a folder in the machine's.
        let mounts = Mounts::new()
            .empty(Path::new("/etc"), "1m")
            .command("chmod 755 /etc")
            .copy(&file, Path::new(SYSTEM_CONFIG));
        Self { home, mounts }
    }

    fn call(&self, arguments: &[&str]) -> Call {
        self.mounts.seen_by(self.home.call(arguments.iter().copied()))
    }

    fn ttl(&self, call: &Call) -> Value {
        let status: Value = serde_json::from_str(call.run().assert_printed()).unwrap();
        status["ttl_seconds"].clone()
    }
}

/// A configuration whose source is always down, so that its retries can be counted.
fn down(home: &Home, settings: &str) -> String {
    configuration(settings, "", &home.script("main", "exit 75"))
}

#[test]
fn variables_beat_the_users_file_and_that_beats_the_systems() {
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
fn a_source_of_the_systems_file_serves_a_user_without_one() {
    let machine = Machine::new(|home| configuration("", "", &home.script("main", KEYS)));
    machine.call(&[]).run().assert_key("key-1");
    machine.call(&[]).run().assert_key("key-1");
    // The user's table is the source's, as far as it goes.
    let other = machine.home.script("other", "echo other-$run");
    machine.home.configure(&format!("[source.main]\ncommand = [\"{}\"]\n", other.display()));
    machine.call(&[]).run().assert_key("other-1");
}

#[test]
fn the_clients_ttl_is_for_those_that_no_file_sets() {
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
fn the_clients_ttl_is_how_long_claude_code_holds_a_key() {
    let home = Home::with_script(KEYS);
    let hold = |call: Call| -> Value {
        serde_json::from_str::<Value>(call.run().assert_printed()).unwrap()["hold_seconds"].clone()
    };
    let call = home.call(["status", "--json"]);
    assert_eq!(hold(call.clone()), 0);
    let claude = call.env("CLAUDE_CODE_ENTRYPOINT", "cli");
    assert_eq!(hold(claude.clone()), 300);
    assert_eq!(hold(claude.clone().env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "60000")), 60);
    assert_eq!(hold(claude.env("CLAUDECODE", "1")), 0);
}

#[test]
fn what_the_administrator_locks_stays() {
    let locked = "\"profile.main.retries\", \"profile.main.deadline\", \"source.main\", \
                  \"default_profile\"";
    let machine = Machine::new(|home| {
        let rest = "[profile.other]\nsources = [\"main\"]\n";
        let system = configuration("retries = 1", "", &home.script("main", KEYS));
        format!("default_profile = \"main\"\nlocked = [{locked}]\n{system}{rest}")
    });
    let user = machine.home.config_file();
    let refused = |answer: Answer, what: &str, key: &str| {
        let by = format!("locked by `{SYSTEM_CONFIG}:2:1`");
        answer.assert_error(2, &[what, &format!("sets `{key}`"), &by, "ask the administrator"]);
    };
    machine.call(&[]).run().assert_key("key-1");

    let variable = machine.call(&[]).env("API_KEY_HELPER_RETRY_COUNT", "9").run();
    refused(variable, "the variable `API_KEY_HELPER_RETRY_COUNT`", "profile.main.retries");
    let argument = machine.call(&["get", "--deadline", "1s"]).run();
    refused(argument, "`--deadline`", "profile.main.deadline");
    let argument = machine.call(&["--profile", "other"]).run();
    refused(argument, "`--profile`", "default_profile");
    for (text, key, line) in [
        ("default_profile = \"other\"", "default_profile", 1),
        ("[profile.main]\nretries = 9", "profile.main.retries", 2),
        ("[source.main]\ncommand = [\"/bin/echo\", \"mine\"]", "source.main.command", 2),
    ] {
        machine.home.configure(text);
        let place = format!("`{}:{line}:1`", user.display());
        refused(machine.call(&[]).run(), &place, key);
    }
    machine.home.configure("locked = [\"source\"]");
    let place = format!("{}:1:1", user.display());
    machine.call(&[]).run().assert_error(2, &[&place, "`locked` has no effect here"]);
    assert_eq!(machine.home.runs("main"), 1);
}
