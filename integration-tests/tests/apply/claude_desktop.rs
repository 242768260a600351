//! `apply --client claude-desktop` writes a program that needs no arguments, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::files;
use integration_tests::home::Home;
use serde_json::json;

use crate::{own_etc, read, user};

const CONFIGURATION: &str = "{\n  \"inferenceProvider\": \"gateway\",\n  \
                             \"inferenceGatewayBaseUrl\": \"https://gateway.example.com\",\n  \
                             \"inferenceGatewayApiKey\": \"sk-canary-5\",\n  \
                             \"inferenceCredentialKind\": \"static\"\n}\n";

fn library(home: &Home) -> PathBuf {
    home.path().join(".config/Claude-3p/configLibrary")
}

/// Returns a user who has created a configuration in the application's window.
fn user_of_desktop() -> (Home, PathBuf) {
    let home = user();
    let meta = "{\"appliedId\": \"4f2a\", \"entries\": [{\"id\": \"4f2a\", \"name\": \"Work\"}]}";
    home.write(".config/Claude-3p/configLibrary/_meta.json", meta);
    let file = home.write(".config/Claude-3p/configLibrary/4f2a.json", CONFIGURATION);
    (home, file)
}

fn desktop(home: &Home, arguments: &[&str]) -> Call {
    home.call(["apply", "--client", "claude-desktop"].iter().chain(arguments).copied())
}

#[test]
fn apply_claude_desktop_names_the_program_in_the_applied_configuration() {
    let (home, file) = user_of_desktop();
    let before = files::below(&library(&home));
    let front = Binaries::built().front.canonicalize().unwrap().display().to_string();
    let dry = desktop(&home, &["--dry-run"]).run();
    assert_eq!(
        dry.assert_printed(),
        format!(
            "--- {0}\n+++ {0}\n+inferenceCredentialHelper: {front}\n\
             -inferenceCredentialKind: (not shown)\n+inferenceCredentialKind: helper-script\n\
             +inferenceCredentialHelperTtlSec: 30\nNothing was written.\n",
            file.display()
        )
    );
    assert_eq!(files::below(&library(&home)), before);
    let answer = desktop(&home, &[]).run();
    let said = answer.assert_printed();
    assert!(said.contains("Key refresh: automatic every 30 seconds\n"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    let written = read(&file);
    assert_eq!(written["inferenceCredentialHelper"], front);
    assert_eq!(written["inferenceCredentialKind"], "helper-script");
    assert_eq!(written["inferenceCredentialHelperTtlSec"], 30);
    // Claude Desktop runs it like this, and takes only the token.
    home.call_of(Path::new(&front)).run().assert_key("key-1");
    assert!(desktop(&home, &[]).run().assert_printed().starts_with("Nothing changes: "));
    let _ = desktop(&home, &["--undo"]).run().assert_printed();
    assert_eq!(files::below(&library(&home)), before);
}

#[test]
fn apply_claude_desktop_with_a_profile_makes_a_symlink() {
    let (home, file) = user_of_desktop();
    let before = files::below(&library(&home));
    let links = home.path().join(".local/share/api-key-helper/links");
    let call = |arguments: &[&str]| desktop(&home, arguments).args(["--profile", "main"]).run();
    let _ = call(&["--dry-run"]).assert_printed();
    assert!(!links.exists());
    let _ = call(&[]).assert_printed();
    let link = links.join("api-key-helper@main");
    assert_eq!(read(&file)["inferenceCredentialHelper"], link.display().to_string());
    assert_eq!(link.canonicalize().unwrap(), Binaries::built().front.canonicalize().unwrap());
    // Claude Desktop runs it like this.
    home.call_of(&link).run().assert_key("key-1");
    assert!(call(&[]).assert_printed().starts_with("Nothing changes: "));
    let _ = desktop(&home, &["--undo", "--dry-run"]).run().assert_printed();
    assert!(link.is_symlink());
    let _ = desktop(&home, &["--undo"]).run().assert_printed();
    assert_eq!(files::below(&library(&home)), before);
    assert!(!links.exists());
}

#[test]
fn apply_claude_desktop_that_is_refused_leaves_no_symlink() {
    let (home, file) = user_of_desktop();
    let text = "{\"inferenceCredentialHelper\": \"/opt/corp/helper\"}";
    fs::write(&file, text).unwrap();
    let stays = desktop(&home, &["--profile", "main"]).run();
    stays.assert_error(2, &["`inferenceCredentialHelper` is another program's", "`--force`"]);
    assert!(!home.path().join(".local/share/api-key-helper/links").exists());
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn apply_claude_desktop_without_a_configuration_exits_2() {
    let home = user();
    let hint = "`Configure third-party inference`";
    desktop(&home, &[]).run().assert_error(2, &["no configuration", hint]);
    home.write(".config/Claude-3p/configLibrary/_meta.json", "{\"appliedId\": \"../x\"}");
    desktop(&home, &[]).run().assert_error(2, &["line 1, column 15", hint]);
    desktop(&home, &["--scope", "local"]).run().assert_error(2, &["no settings of scope `local`"]);
    let (home, _) = user_of_desktop();
    let config = home.config_file().display().to_string();
    let answer = desktop(&home, &["--config", &config]).run();
    answer.assert_error(2, &["without arguments"]);
}

#[test]
fn apply_claude_desktop_scope_managed_writes_to_etc() {
    let home = user();
    let (etc, mounts) = own_etc(&home);
    let managed = |arguments: &[&str]| {
        let call = desktop(&home, &["--scope", "managed"]).args(arguments.iter().copied());
        mounts.seen_by(call).run()
    };
    let _ = managed(&[]).assert_printed();
    let file = etc.join("claude-desktop/managed-settings.json");
    let front = Binaries::built().front.canonicalize().unwrap().display().to_string();
    let expected = json!({"inferenceCredentialHelper": front, "inferenceCredentialKind": "helper-script",
                          "inferenceCredentialHelperTtlSec": 30});
    assert_eq!(read(&file), expected);
    let _ = managed(&["--undo"]).assert_printed();
    assert_eq!(fs::read_dir(&etc).unwrap().count(), 0);
    managed(&["--profile", "main"]).assert_error(2, &["is not for everybody", "sudo ln -s"]);
}
