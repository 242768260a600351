//! `status`, `log` and `init`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};
use serde_json::{Value, json};

fn json(call: &Call) -> Value {
    serde_json::from_str(call.run().assert_printed()).expect("JSON")
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The part of the status that its one source has.
fn source(home: &Home) -> Value {
    json(&home.call(["status", "--json"]))["sources"][0].clone()
}

#[test]
fn the_json_of_status_has_stable_names() {
    let home = Home::with_settings("retries = 0", "", &format!("[ $run = 1 ] || exit 75\n{KEYS}"));
    let status = json(&home.call(["status", "--json"]));
    let mut expected = [
        "profile",
        "configuration",
        "state_folder",
        "seal",
        "ttl_seconds",
        "hold_seconds",
        "sources",
    ];
    expected.sort_unstable();
    assert_eq!(names(&status), expected);
    assert_eq!(names(&status["seal"]), ["home", "place", "reason"]);
    assert_eq!(status["profile"], "main");
    assert_eq!(status["configuration"], json!([home.config_file()]));
    assert_eq!(status["state_folder"], json!(home.state().path()));
    assert_eq!(
        status["sources"][0],
        json!({
            "name": "main", "backend": "script", "key": "none", "fetched_at": null,
            "expires_at": null, "fresh_until": null, "usable_until": null,
            "has_renewal": false, "sign_in": null, "failure": null,
        })
    );

    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(7_200));
    home.helper().run().assert_warned("key-1", &["exit code 75"]);
    let source = source(&home);
    assert_eq!(source["key"], "stale");
    for name in ["fetched_at", "fresh_until", "usable_until"] {
        let moment = source[name].as_str().unwrap();
        assert!(moment.ends_with('Z') && moment.contains('T'), "{name}: {moment}");
    }
    let failure = &source["failure"];
    let mut expected = ["kind", "message", "hint", "failed_at", "count", "pauses"];
    expected.sort_unstable();
    assert_eq!(names(failure), expected);
    assert_eq!((&failure["kind"], &failure["count"]), (&json!("transient"), &json!(1)));
    assert_eq!(failure["pauses"], true);
}

#[test]
fn status_tells_a_keys_age() {
    let home = Home::with_settings("", "lifetime = \"3h\"", KEYS);
    assert_eq!(source(&home)["key"], "none");
    home.helper().run().assert_key("key-1");
    assert_eq!(source(&home)["key"], "fresh");
    for (minutes, key) in [(62, "due"), (58, "stale"), (70, "expired")] {
        home.state().age("main", Duration::from_secs(minutes * 60));
        assert_eq!(source(&home)["key"], key);
    }
    let file = home.state().entry_file("main");
    home.state().replace(&file, b"garbage");
    assert_eq!(source(&home)["key"], "unreadable");
    // To look is not to change anything.
    assert_eq!(fs::read(file).unwrap(), b"garbage");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn status_is_readable_for_a_person() {
    let home = Home::with_settings("", "lifetime = \"3h\"", KEYS);
    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(600));
    let answer = home.call(["status"]).run();
    let text = answer.assert_printed();
    for words in ["main (script)", "fresh, fetched 10 min", "ends in 2 h 49 min", "state"] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
    assert!(text.contains(&*home.config_file().to_string_lossy()), "{text}");
}

#[test]
fn the_log_has_a_line_for_each_refresh() {
    let home = Home::with_settings("retries = 1", "", &format!("[ $run = 2 ] || exit 75\n{KEYS}"));
    assert_eq!(home.call(["log"]).run().assert_printed(), "");
    home.helper().run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    home.call(["get", "--refresh"])
        .run()
        .assert_warned("key-2", &["using the key that `main` gave"]);

    let answer = home.call(["log", "--json"]).run();
    let lines: Vec<Value> = answer
        .assert_printed()
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(lines, home.state().log());
    let [first, second] = &lines[..] else { panic!("{lines:?}") };
    let expected = ["attempts", "duration_ms", "key_hash", "outcome", "profile", "source", "time"];
    assert_eq!(names(first), expected);
    assert_eq!((&first["outcome"], &first["attempts"]), (&json!("refreshed"), &json!(2)));
    assert_eq!((&first["profile"], &first["source"]), (&json!("main"), &json!("main")));
    assert_eq!((&second["outcome"], &second["attempts"]), (&json!("transient"), &json!(2)));
    assert!(second["message"].as_str().unwrap().contains("exit code 75"));
    assert_eq!(second.get("key_hash"), None);

    let answer = home.call(["log"]).run();
    let text = answer.assert_printed();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("refreshed in ") && text.contains("exit code 75"), "{text}");
}

#[test]
fn the_log_tells_whether_two_lines_are_of_one_key() {
    let home = Home::with_script("[ $run = 3 ] && echo other || echo same");
    home.helper().run().assert_key("same");
    home.call(["get", "--refresh"]).run().assert_key("same");
    home.call(["get", "--refresh"]).run().assert_key("other");
    let hashes: Vec<Value> =
        home.state().log().iter().map(|line| line["key_hash"].clone()).collect();
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}

#[test]
fn init_writes_a_configuration_that_works_and_never_over_another() {
    let home = Home::new();
    let file = home.config_file();
    let answer = home.call(["init"]).run();
    assert!(answer.assert_printed().contains(&*file.to_string_lossy()));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let folder = file.parent().unwrap();
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);

    let text = fs::read_to_string(&file).unwrap();
    let words = [&*file.to_string_lossy(), "is there already", "`--config`"];
    home.call(["init"]).run().assert_error(2, &words);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    // It parses as it is: what is missing is the program that it names.
    let program = "/opt/keys/generate_temp_api_key.sh";
    home.helper().run().assert_error(2, &[program, "is not there"]);
    let script = home.script("mine", KEYS);
    home.configure(&text.replace(program, &script.to_string_lossy()));
    home.helper().run().assert_key("key-1");
}

#[test]
fn what_init_leaves_to_choose_can_be_chosen() {
    let home = Home::new();
    let _ = home.call(["init", "--backend", "script"]).run().assert_printed();
    let text = fs::read_to_string(home.config_file()).unwrap();
    // Settings are commented out without a space behind the sign, explanations with one.
    let chosen = text.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
        _ => line,
    });
    let chosen: Vec<&str> = chosen.filter(|line| !line.starts_with("command = ")).collect();
    home.configure(&chosen.join("\n").replace("pass show anthropic", "echo key-1"));
    home.helper().run().assert_key("key-1");
}

#[test]
fn init_writes_where_it_is_told() {
    let home = Home::new();
    let file = home.path().join("a/b/mine.toml");
    let _ = home.call(["init"]).arg("--config").arg(&file).run().assert_printed();
    assert!(file.is_file());
    assert!(!home.config_file().exists());
    let words = ["`valut`", "script"];
    home.call(["init", "--backend", "valut"]).run().assert_error(2, &words[..1]);
}
