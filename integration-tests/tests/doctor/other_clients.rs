//! Findings about the settings that `apply` wrote for other clients.

use std::fs;

use integration_tests::binaries::Binaries;

use crate::setup::{Report, Setup};

const CODEX: &str = "model_provider = \"gateway\"\n\n[model_providers.gateway]\nname = \"Gateway\"\n\
                     [model_providers.other]\nname = \"Other\"\n";
const SERVERS: &str = r#"{"mcpServers": {"docs": {"type": "http", "url": "https://docs.example.com/mcp"},
                        "local": {"command": "npx"}}}"#;

#[test]
fn doctor_finds_applied_settings_of_each_client_ok() {
    for (file, text, client, words) in [
        (".codex/config.toml", CODEX, &["codex"][..], "(codex, `gateway`)"),
        (".claude.json", SERVERS, &["mcp", "--server", "docs"], "(mcp, `docs`)"),
        (".config/Claude-3p/configLibrary/a.json", "{}", &["claude-desktop"], "(claude-desktop)"),
        (
            ".config/Claude-3p/configLibrary/a.json",
            "{}",
            &["claude-desktop", "--profile", "main"],
            "(claude-desktop)",
        ),
    ] {
        let setup = Setup::new();
        setup.home.write(".config/Claude-3p/configLibrary/_meta.json", r#"{"appliedId": "a"}"#);
        setup.home.write(file, text);
        setup.examine().assert_absent("other-clients");
        let applied = setup.home.call(["apply", "--client"].iter().chain(client).copied()).run();
        assert_eq!(applied.code, Some(0), "{applied:?}");
        let report = setup.examine();
        report.assert("other-clients", "ok", &[file, words, "this program"]);
        report.assert_well();
    }
}

#[test]
fn doctor_warns_of_a_byte_order_mark_in_client_settings() {
    for (file, text, client) in [
        (".codex/config.toml", CODEX, &["codex"][..]),
        (".claude.json", SERVERS, &["mcp", "--server", "docs"]),
        (".config/Claude-3p/configLibrary/a.json", "{}", &["claude-desktop"]),
        (".claude/settings.json", "{}", &["claude-code"]),
    ] {
        let setup = Setup::new();
        setup.home.write(".config/Claude-3p/configLibrary/_meta.json", r#"{"appliedId": "a"}"#);
        let path = setup.home.write(file, format!("\u{feff}{text}"));
        let applied = setup.home.call(["apply", "--client"].iter().chain(client).copied()).run();
        assert_eq!(applied.code, Some(0), "{applied:?}");
        assert!(applied.stdout.contains("begins with a byte order mark"), "{applied:?}");
        assert!(fs::read_to_string(&path).unwrap().starts_with('\u{feff}'), "{file}");
        let check = if client == ["claude-code"] { "client-settings" } else { "other-clients" };
        let report = setup.examine();
        report.assert(check, "warning", &[file, "begins with a byte order mark", "sed -i"]);
        report.assert_only(&[check]);
    }
}

#[test]
fn doctor_reports_a_client_command_that_has_moved() {
    let setup = Setup::new();
    let file = setup.home.write(".codex/config.toml", CODEX);
    assert_eq!(setup.home.call(["apply", "--client", "codex"]).run().code, Some(0));
    let front = Binaries::built().front.canonicalize().unwrap();
    let names = |program: &str| {
        let text = fs::read_to_string(&file).unwrap();
        let applied = text.replace(&format!("{:?}", front.display().to_string()), program);
        assert_ne!(text, applied);
        fs::write(&file, &applied).unwrap();
        let report = setup.examine();
        fs::write(&file, &text).unwrap();
        report
    };
    let gone = names("\"/opt/gone/api-key-helper\"");
    let words = ["`/opt/gone/api-key-helper`, which is not there", "apply --client codex"];
    gone.assert("other-clients", "error", &words);
    assert_only_that(&gone);
    let copy = setup.home.write("bin/api-key-helper", "");
    let other = names(&format!("{:?}", copy.display().to_string()));
    other.assert("other-clients", "warning", &["another copy", "bin/api-key-helper"]);
    assert_only_that(&other);
    // Another program is ignored, and so is one that `PATH` finds.
    names("\"/opt/gone/other-helper\"").assert_absent("other-clients");
    names("\"api-key-helper\"").assert_absent("other-clients");
}

fn assert_only_that(report: &Report) {
    report.assert_only(&["other-clients"]);
}
