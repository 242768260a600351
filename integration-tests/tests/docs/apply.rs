//! The pages about clients' settings show the output of `apply`.

use std::fs;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::home::{Home, KEYS, configuration};

/// The beginning of a block in which the helper is called.
const FENCE: &str = "```console\n$ api-key-helper ";

#[test]
fn documentation_transcripts_of_apply_for_claude_code_hold() {
    assert_eq!(calls(&user(), "claude-code.md"), 4);
}

#[test]
fn documentation_transcripts_of_apply_for_other_clients_hold() {
    let home = user();
    let provider = "[model_providers.gateway]\nname = \"Gateway\"\nbase_url = \"https://g\"\n";
    home.write(".codex/config.toml", format!("model_provider = \"gateway\"\n{provider}"));
    home.write(
        ".claude.json",
        "{\"mcpServers\": {\"docs\": {\"url\": \"https://mcp.example.com\"}}}",
    );
    home.write(".config/Claude-3p/configLibrary/_meta.json", "{\"appliedId\": \"4f2a\"}");
    let static_key = "{\"inferenceCredentialKind\": \"static\"}";
    home.write(".config/Claude-3p/configLibrary/4f2a.json", static_key);
    assert_eq!(calls(&home, "commands/apply.md"), 4);
}

/// Returns a user with two profiles, whose keys live long.
fn user() -> Home {
    let home = Home::new();
    let script = home.script("main", KEYS);
    let main = configuration("", "lifetime = \"48h\"", &script);
    home.configure(&format!(
        "default_profile = \"main\"\n{main}[profile.work]\nsources = [\"main\"]\n"
    ));
    home
}

/// Makes all calls of `apply` on a page in order, and returns their number.
#[track_caller]
fn calls(home: &Home, page: &str) -> usize {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let page = fs::read_to_string(page).expect("the page");
    let front = Binaries::built().front.canonicalize().expect("the front's path");
    let mut calls = 0;
    for block in page.split(FENCE).skip(1).filter_map(|rest| rest.split("```").next()) {
        for call in block.split("$ api-key-helper ") {
            let (line, shown) = call.split_once('\n').expect("a line and what it prints");
            if !line.contains("apply") {
                continue;
            }
            let answer = home.call(line.split(' ')).run();
            let said = answer.assert_printed();
            let said = said.replace(&*home.path().to_string_lossy(), "/home/me");
            assert_eq!(
                said.replace(&*front.to_string_lossy(), "/usr/local/bin/api-key-helper"),
                shown
            );
            calls += 1;
        }
    }
    calls
}
