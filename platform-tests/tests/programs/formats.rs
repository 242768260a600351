//! The formats in which clients read a key.

use platform_tests::call::Call;
use platform_tests::home::{Home, KEYS};
use serde_json::{Value, json};

fn json_of(call: &Call) -> Value {
    serde_json::from_str(call.run().assert_printed()).unwrap()
}

#[test]
fn each_format_prints_the_same_key() {
    let home = Home::with_settings("send_to = [\"https://git.example\"]", "", KEYS);
    home.helper().run().assert_key("key-1");
    assert_eq!(json_of(&home.call(["--format", "json"]))["key"], "key-1");
    let headers = json_of(&home.call(["--format", "headers"]));
    assert_eq!(headers, json!({"Authorization": "Bearer key-1"}));
    assert_eq!(json_of(&home.call(["--format", "claude-desktop"]))["token"], "key-1");
    home.call(["--format", "codex"]).run().assert_key("key-1");
    let git = home.call(["--format", "git", "get"]);
    let answer = git.input(b"protocol=https\nhost=git.example\n\n").run();
    assert!(answer.assert_printed().contains("password=key-1\n"), "{answer:?}");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn env_format_is_read_by_a_shell() {
    let home = Home::with_settings("env = \"OTHER_KEY\"", "", KEYS);
    let front = home.helper().shell_line().replacen("exec ", "", 1);
    let line = if cfg!(windows) {
        // The documentation uses `for … do @%i`, but Wine's `for` cannot run built-in commands of
        // `cmd`.
        let lines = home.path().join("set.cmd").display().to_string();
        format!("{front} --format env-cmd >{lines} && call {lines} >nul && call echo %OTHER_KEY%")
    } else {
        format!("eval \"$({front} --format env)\"; echo \"$OTHER_KEY\"")
    };
    let answer = home.shell(&line).run();
    assert_eq!(answer.assert_printed().trim_end(), "key-1");
}
