//! Environment variables.

use platform_tests::home::{Home, KEYS, configuration};

#[test]
fn config_variable_selects_the_configuration() {
    let home = Home::new();
    let command = home.program("main", KEYS);
    let file = home.write("other.toml", configuration("", "", &command));
    home.helper().env("API_KEY_HELPER_CONFIG", &file).run().assert_key("key-1");
    home.helper().run().assert_error(2, &["there is no configuration"]);
}

/// The caller may use any case: for Windows, `Path` and `PATH` are the same.
#[cfg(windows)]
#[test]
fn environment_variable_names_are_case_insensitive_on_windows() {
    let home = Home::new();
    let command = home.program("main", "read");
    let config = configuration("", "stdin = { env = \"MY_TOKEN\" }", &command);
    let file = home.write("other.toml", &config);
    let call = home.helper().env("Api_Key_Helper_Config", &file).env("my_token", "key");
    // First by the worker, then by the front.
    call.run().assert_key("key");
    call.run().assert_key("key");
    assert_eq!(home.runs("main"), 1);

    home.configure(&config);
    let spelled = ["USERPROFILE", "APPDATA", "LOCALAPPDATA"].iter().fold(
        home.helper().env("My_Token", "key"),
        |call, name| {
            let value = call.variable(name).unwrap().to_owned();
            call.without_env(name).env(name.to_lowercase(), value)
        },
    );
    spelled.run().assert_key("key");
    let _ = spelled.clone().arg("apply").run();
    assert!(home.path().join(".claude").join("settings.json").exists());
}
