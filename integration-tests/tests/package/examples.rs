//! The shipped examples for administrators, in their places.

use std::fs;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::client::{Claude, ClientSlot, MessagesApi, Refusal, leave_network};
use integration_tests::debian::{Debian, package};
use integration_tests::home::{Home, search_path_from};
use integration_tests::install;
use serde_json::{Value, json};

#[test]
fn deployment_examples_set_up_a_locked_machine() {
    let _slot = ClientSlot::take();
    let home = Home::new();
    let package = package(home.path());
    let debian = Debian::new();
    debian.put(&package, "/root/package.deb");
    debian.root("dpkg --install package.deb").run().assert_printed();
    let script = home.write("keys", format!("#!/bin/sh\necho {KEY}\n"));
    debian.put(&script, "/opt/keys/generate_temp_api_key.sh");
    for (name, place) in [
        ("config.toml", "/etc/api-key-helper/config.toml"),
        ("managed-settings.json", "/etc/claude-code/managed-settings.json"),
    ] {
        let shipped = format!("/usr/share/doc/api-key-helper/examples/{name}");
        let copy = format!("mkdir -p $(dirname {place}) && install -m 644 {shipped} {place}");
        debian.root(&copy).run().assert_printed();
    }
    let _ = Claude::program();
    leave_network();
    let api = MessagesApi::refusing_with(Refusal::Unauthorized);
    api.accept_only(&[KEY]);

    // The user has configured nothing, and gets an answer.
    let ask = |debian: &Debian| {
        let call = debian.ann("claude -p 'Say pong'").input(b"");
        call.env("ANTHROPIC_BASE_URL", api.address())
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .run()
    };
    let answer = ask(&debian);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let answered = api.answered();
    assert!(!answered.is_empty(), "{answer:?}");
    assert!(answered.iter().all(|(key, status)| key == KEY && *status == 200), "{answered:?}");

    // The fleet's `doctor` finds nothing.
    let report = report(&debian.ann("api-key-helper doctor --json"), 0);
    assert_eq!(
        (&report["schema"], &report["version"]),
        (&2.into(), &env!("CARGO_PKG_VERSION").into())
    );
    assert_eq!(report["summary"]["errors"], 0, "{report}");
    assert_eq!(report["summary"]["warnings"], 0, "{report}");

    // Neither the user's settings nor the user's configuration change that.
    let mine = "mkdir -p .claude && echo '{\"apiKeyHelper\":\"echo mine\"}' >.claude/settings.json";
    debian.ann(mine).run().assert_printed();
    assert_eq!(ask(&debian).code, Some(0));
    assert!(api.answered().iter().all(|(key, _)| key == KEY), "{:?}", api.answered());
    let mine = "mkdir -p .config/api-key-helper && \
                printf '[source.work]\\ncommand = [\"/bin/echo\", \"mine\"]\\n' \
                >.config/api-key-helper/config.toml";
    debian.ann(mine).run().assert_printed();
    let refused = ["sets `source.work.command`", "locked by `/etc/api-key-helper/config.toml:"];
    debian.ann("api-key-helper").run().assert_error(2, &refused);
    let report = self::report(&debian.ann("api-key-helper doctor --json"), 1);
    let errors: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["level"] == "error")
        .collect();
    assert!(errors.iter().any(|row| row["name"] == "configuration-settings"), "{errors:?}");
}

#[test]
fn deployment_page_shows_the_shipped_managed_settings() {
    let page = page();
    let file = Path::new(ROOT).join("packaging/examples/managed-settings.json");
    assert!(page.contains(&format!("```json\n{}```", fs::read_to_string(file).unwrap())));
}

#[test]
fn deployment_page_doctor_line_gathers_errors() {
    let _ = install::debian("jq", &["jq"]);
    let page = page();
    let (_, line) = page.split_once("```sh\n").unwrap();
    let (line, _) = line.split_once("```").unwrap();
    let home = Home::with_script("exit 77");
    let folders = search_path_from(Binaries::built().front.parent().unwrap());
    let shell = home.call_of(Path::new("/bin/sh")).args(["-c", line]).env("PATH", folders);
    let answer = shell.run();
    let gathered: Value = serde_json::from_str(answer.assert_printed()).unwrap();
    assert_eq!(gathered["summary"]["errors"], 1, "{gathered}");
    let expected = json!({ "name": "source-answers", "level": "error", "source": "main" });
    assert!(gathered["wrong"].as_array().unwrap().contains(&expected), "{gathered}");
    assert!(!answer.stdout.contains(&*home.path().to_string_lossy()), "{gathered}");
}

fn page() -> String {
    fs::read_to_string(Path::new(ROOT).join("docs/deployment.md")).unwrap()
}

#[track_caller]
fn report(doctor: &Call, code: i32) -> Value {
    let answer = doctor.run();
    assert_eq!(answer.code, Some(code), "{answer:?}");
    serde_json::from_str(&answer.stdout).unwrap()
}

const KEY: &str = "sk-made-up-for-the-administrator";
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
