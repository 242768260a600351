//! Configurations and command lines with mistakes in them.

use std::fs;
use std::time::Duration;

use integration_tests::home::{Home, KEYS};
use integration_tests::wait::{now, since};

/// Asserts that a mistake is reported: nothing is printed, nothing is lost, and the cached key is
/// printed again once the mistake is corrected.
#[track_caller]
fn assert_refused(text: &str, words: &[&str]) {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let good = fs::read_to_string(home.config_file()).unwrap();
    let entry = home.state().entry_file("main");
    let before = fs::read(&entry).unwrap();

    home.configure(&text.replace("SCRIPT", &home.path().join("main").to_string_lossy()));
    let file = home.config_file();
    let words = words.iter().map(|word| word.replace("FILE", &file.to_string_lossy()));
    let words: Vec<String> = words.collect();
    home.helper().run().assert_error(2, &words.iter().map(String::as_str).collect::<Vec<_>>());

    assert_eq!(fs::read(&entry).unwrap(), before);
    home.configure(&good);
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}

const PROFILE: &str = "[profile.main]\nsources = [\"main\"]\n";

#[test]
fn unknown_configuration_key_names_the_nearest_one() {
    assert_refused(
        "[profile.main]\nsources = [\"main\"]\nttll = \"1h\"\n",
        &["FILE:3:1", "`profile.main.ttll`", "unknown key", "did you mean `ttl`?"],
    );
    assert_refused(
        &format!("{PROFILE}[source.main]\nbackend = \"script\"\ncomand = [\"SCRIPT\"]\n"),
        &["FILE:5:1", "`source.main.comand`", "unknown key", "did you mean `command`?"],
    );
    assert_refused("defaultprofile = \"main\"\n", &["FILE:1:1", "did you mean `default_profile`?"]);
    assert_refused("zzz = 1\n", &["FILE:1:1", "`zzz`", "known keys are `default_profile`"]);
}

#[test]
fn configuration_value_of_a_wrong_type_names_its_line() {
    let command = format!("{PROFILE}[source.main]\nbackend = \"script\"\ncommand = \"SCRIPT\"\n");
    assert_refused(&command, &["FILE:5:1", "`source.main.command`"]);
    assert_refused("[profile.main]\nsources = \"main\"\n", &["FILE:2:1", "`profile.main.sources`"]);
    assert_refused("[profile.main]\nsources = [\"main\"]\nretries = \"3\"\n", &["FILE:3:1"]);
    assert_refused("profile = 1\n", &["FILE:1:1", "`profile`"]);
    let ttl = format!("{PROFILE}ttl = 3600\n");
    assert_refused(&ttl, &["FILE:3:1", "`profile.main.ttl`"]);
    let ttl = format!("{PROFILE}ttl = \"one hour\"\n");
    assert_refused(&ttl, &["FILE:3:1", "`one hour` is not a duration", "write it as `90s`"]);
}

#[test]
fn invalid_toml_names_its_line() {
    assert_refused("[profile.main\n", &["FILE:1:", "fix the TOML"]);
    assert_refused("a = 1\na = 2\n", &["FILE:2:1", "fix the TOML"]);
}

#[test]
fn unknown_profile_or_source_name_exits_2() {
    assert_refused("", &["the configuration has no profile", "add `[profile.default]`"]);
    assert_refused("default_profile = \"none\"\n", &["there is no profile `none`"]);
    assert_refused("[profile.main]\nsources = []\n", &["FILE:2:1", "at least one source"]);
    assert_refused(
        &format!("{PROFILE}[source.vault]\nbackend = \"script\"\ncommand = [\"SCRIPT\"]\n"),
        &["FILE:2:1", "there is no source `main`", "known sources are `vault`"],
    );
    assert_refused(
        &format!("{PROFILE}[source.main]\nbackend = \"scirpt\"\n"),
        &["FILE:4:1", "there is no backend `scirpt`", "`script`"],
    );
    assert_refused(&format!("{PROFILE}[source.main]\n"), &["FILE:3:", "add `backend"]);
    assert_refused("[profile.Main]\nsources = [\"main\"]\n", &["FILE:1:", "is not a valid name"]);
}

#[test]
fn invalid_command_line_names_the_nearest_option() {
    let home = Home::with_script(KEYS);
    for (arguments, words) in [
        (&["stauts"][..], ["`stauts`", "did you mean `status`?"]),
        (&["get", "--refrehs"], ["`--refrehs`", "did you mean `--refresh`?"]),
        (&["--profile"], ["`--profile <NAME>`", "--help"]),
        (&["--profile", "none"], ["there is no profile `none`", "known profiles are `main`"]),
        (&["get", "--deadline", "soon"], ["`soon`", "--help"]),
        (&["get", "get"], ["`get`", "--help"]),
    ] {
        home.call(arguments.iter().copied()).run().assert_error(2, &words);
    }
    let missing = home.path().join("none.toml");
    let call = home.helper().arg("--config").arg(&missing);
    call.run().assert_error(2, &[&missing.to_string_lossy(), "there is no configuration"]);
    assert_eq!(home.runs("main"), 0);
}

#[test]
fn timeout_retry_and_ttl_variables_must_be_whole_numbers() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    for name in [
        "CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
        "API_KEY_HELPER_TIMEOUT_MS",
        "API_KEY_HELPER_RETRY_COUNT",
    ] {
        for value in ["1h", "-1", "1.5", "300000 "] {
            let words = [name, value, "not a whole number", &format!("such as `{name}=")];
            home.helper().env(name, value).run().assert_error(2, &words);
        }
    }
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn inner_source_chain_of_thousands_is_refused_by_its_length() {
    let link = |i| {
        format!(
            "[source.s{i}]\nbackend = \"script\"\ncommand = [\"/bin/cat\"]\n\
                 stdin = {{ source = \"s{}\" }}\n",
            i + 1
        )
    };
    let links: String = (0..8_000).map(link).collect();
    let end = "[source.s8000]\nbackend = \"script\"\ncommand = [\"/bin/cat\"]\n";
    assert_refused(
        &format!("[profile.main]\nsources = [\"s0\"]\n{links}{end}"),
        &["the chain of sources is longer than 32", ".stdin.source`"],
    );
}

#[test]
fn thousands_of_profiles_are_read_in_time_that_grows_with_their_number() {
    let home = Home::with_script(KEYS);
    let profile = |i| format!("[profile.p{i}]\nsources = [\"main\"]\n");
    let text = fs::read_to_string(home.config_file()).unwrap();
    let profiles: String = (0..9_000).map(profile).collect();
    home.configure(&format!("default_profile = \"main\"\n{text}{profiles}"));
    // The first call of all builds the programs.
    let call = home.helper();
    let start = now();
    call.run().assert_key("key-1");
    // A debug build takes a few seconds; with quadratic time, it took minutes.
    assert!(since(start) < Duration::from_secs(20), "{:?}", since(start));
}

#[test]
fn invisible_character_in_a_configuration_name_is_shown_by_its_code() {
    assert_refused("[profile.main]\nsources = [\"main\u{200b}\"]\n", &["no source `mainU+200B`"]);
    assert_refused("[profile.main]\nsources = [\"\\tmain\"]\n", &["no source `U+0009main`"]);
    assert_refused("[profile.main]\nsources = [\"main\u{a0}\"]\n", &["no source `mainU+00A0`"]);
    assert_refused(
        &format!("{PROFILE}\"ttl\u{ad}\" = \"1h\"\n"),
        &["FILE:3:1", "`profile.main.ttlU+00AD`", "did you mean `ttl`?"],
    );
    assert_refused(
        "[profile.main]\nsources = [\"main\"]\nttl = \"1h\u{2028}\"\n",
        &["`1hU+2028` is not a duration"],
    );
    assert_refused(
        &format!("{PROFILE}format = \"js\u{200b}\\non\"\n"),
        &["`jsU+200BU+000Aon` is not a valid value"],
    );
    let home = Home::with_script(KEYS);
    home.call(["--profile", "ma\u{202e}in"]).run().assert_error(2, &["`maU+202Ein`"]);
    home.call(["--config", "/no\u{2066}/config.toml"])
        .run()
        .assert_error(2, &["/noU+2066/config.toml"]);
    home.call(["stat\u{200d}us"]).run().assert_error(2, &["`statU+200Dus`"]);
    home.call(["login", "--source", "a\u{9b}1m"]).run().assert_error(2, &["`aU+009B1m`"]);
}
