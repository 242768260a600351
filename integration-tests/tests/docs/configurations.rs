//! The configurations on the pages are valid.

use api_key_helper_backend::Variables;
use api_key_helper_config::{ConfigFile, Configuration};
use integration_tests::home::Home;

use crate::page::Block;

/// Asserts that every profile can be read, and every source built. No source is asked.
pub(crate) fn is_one(block: &Block) {
    let text = with_profile(&block.text);
    // Some lines are only for the system's file.
    let is_of_system = text.lines().any(|line| line.starts_with("locked = "));
    let file = Some(ConfigFile {
        path: "/etc/c.toml".into(),
        bytes: text.clone().into(),
        is_draft: false,
    });
    let (system, user) = if is_of_system { (file, None) } else { (None, file) };
    let parsed = Configuration::parse(system, user, Variables::new());
    let configuration = parsed.unwrap_or_else(|error| panic!("{block}: {error}"));
    if is_of_system {
        return;
    }
    let home = Home::new();
    home.configure(&text);
    assert!(!configuration.profiles().is_empty(), "{block} has no profile");
    for profile in configuration.profiles() {
        let answer = home.call(["--profile", &profile, "status"]).run();
        assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{block}: {answer:?}");
    }
}

/// Completes a block. A backend's page shows only sources, so a profile of all of them is added. A
/// page about profiles shows only a profile, so its source becomes a script.
fn with_profile(text: &str) -> String {
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("[source.")?.strip_suffix(']'))
        .filter(|name| !name.contains('.'))
        .collect();
    match names[..] {
        [_, ..] if !text.contains("[profile.") => {
            format!("{text}\n[profile.docs]\nsources = {names:?}\n")
        }
        [] if text.contains("\nsources = [\"keys\"]\n") => {
            format!("{text}\n[source.keys]\nbackend = \"script\"\ncommand = [\"/opt/keys\"]\n")
        }
        _ => text.to_owned(),
    }
}

#[test]
#[should_panic(expected = "no backend `scripts`")]
fn documentation_check_notices_an_invalid_configuration() {
    is_one(&Block {
        page: "a page".to_owned(),
        section: String::new(),
        line: 1,
        language: "toml".to_owned(),
        text: "[source.a]\nbackend = \"scripts\"\n".to_owned(),
    });
}
