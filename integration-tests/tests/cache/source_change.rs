//! Effects of a changed configuration on cached keys.

use std::fs;

use integration_tests::home::{Home, KEYS, configuration};

#[test]
fn changed_ttl_keeps_the_cache_entry() {
    let home = Home::with_settings("ttl = \"1h\"", "timeout = \"5s\"", KEYS);
    home.helper().run().assert_key("key-1");
    let script = home.path().join("main");
    for (profile, source) in [
        ("ttl = \"2h\"", "timeout = \"5s\""),
        ("ttl = \"2h\"", "timeout = \"6s\""),
        ("stale_if_error = \"1h\"\ndeadline = \"20s\"", "retries = 1"),
    ] {
        home.configure(&configuration(profile, source, &script));
        home.helper().run().assert_key("key-1");
    }
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn changed_source_never_serves_the_cached_key_of_the_other() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let other = home.script("other", "echo other-$run");
    home.configure(&configuration("", "", &other));
    home.helper().run().assert_key("other-1");

    // With the first configuration again, its own key is still there.
    home.configure(&configuration("", "", &home.path().join("main")));
    home.helper().run().assert_key("key-1");
    assert_eq!((home.runs("main"), home.runs("other")), (1, 1));
}

#[test]
fn changed_source_setting_is_a_cache_miss() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let script = home.path().join("main");
    let settings = ["env = { STAGE = \"test\" }", "env = { STAGE = \"live\" }", "output = \"raw\""];
    for (setting, run) in settings.into_iter().zip(2..) {
        home.configure(&configuration("", setting, &script));
        home.helper().run().assert_key(&format!("key-{run}"));
    }
}

#[test]
fn changed_source_that_is_down_prints_no_stale_key_of_the_other() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let down = home.script("down", "exit 75");
    home.configure(&configuration("retries = 0", "", &down));
    home.helper().run().assert_error(1, &["failed with exit code 75"]);
    assert_eq!(home.state().files(".entry").len(), 1);
}

#[test]
fn changed_shell_variable_is_a_cache_miss() {
    let home = Home::new();
    let runs = home.path().join("runs");
    home.configure(&format!(
        "[profile.main]\nsources = [\"main\"]\n[source.main]\nbackend = \"script\"\n\
         shell_command = \"echo >>'{0}'; echo key-$(wc -l <'{0}')\"\n",
        runs.display()
    ));
    home.helper().run().assert_key("key-1");
    let other = home.helper().env("API_KEY_HELPER_SHELL", "/bin/sh");
    other.run().assert_key("key-2");
    other.run().assert_key("key-2");
}

#[test]
fn configuration_file_precedence_is_option_variable_xdg_home() {
    let home = Home::new();
    let names = ["home", "xdg", "variable", "argument"];
    let [in_home, in_xdg, in_variable, in_argument] =
        names.map(|name| configuration("", "", &home.script(name, &format!("echo {name}"))));
    home.configure(&in_home);
    home.write("xdg-config/api-key-helper/config.toml", in_xdg);
    let variable = home.write("variable.toml", in_variable);
    let argument = home.write("argument.toml", in_argument);

    // Twice: the plan of the first call must not apply to another.
    for _ in 0..2 {
        let call = home.helper();
        call.run().assert_key("home");
        let call = call.env("XDG_CONFIG_HOME", home.path().join("xdg-config"));
        call.run().assert_key("xdg");
        let call = call.env("API_KEY_HELPER_CONFIG", &variable);
        call.run().assert_key("variable");
        let call = call.arg("--config").arg(&argument);
        call.run().assert_key("argument");
        call.env("XDG_CONFIG_HOME", "xdg-config").run().assert_key("argument");
    }
    // A relative folder is ignored (XDG Base Directory Specification).
    home.helper().env("XDG_CONFIG_HOME", "xdg-config").run().assert_key("home");
    assert!(names.iter().all(|name| home.runs(name) == 1));
}

#[test]
fn xdg_state_home_holds_the_state_folder() {
    let home = Home::with_script(KEYS);
    let state = home.path().join("state");
    let call = home.helper().env("XDG_STATE_HOME", &state);
    call.run().assert_key("key-1");
    call.run().assert_key("key-1");
    assert!(state.join("api-key-helper/refresh.log").is_file());
    assert!(!home.state().path().exists());
}

#[test]
fn removed_configuration_exits_2_despite_a_cached_key() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    fs::remove_file(home.config_file()).unwrap();
    let file = home.config_file();
    let words = [&*file.to_string_lossy(), "there is no configuration", "api-key-helper init"];
    home.helper().run().assert_error(2, &words);
    let words = ["neither `XDG_CONFIG_HOME` nor `HOME` is set", "set `HOME`"];
    home.helper().without_env("HOME").run().assert_error(2, &words);
}
