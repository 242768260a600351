//! `init`.

use std::fs;

use platform_tests::home::{Home, KEYS};

#[test]
fn init_with_command_writes_a_working_configuration() {
    let home = Home::new();
    // In single quotes, TOML takes a backslash literally.
    let words: Vec<String> =
        home.program("main", KEYS).iter().map(|word| format!("'{word}'")).collect();
    let command = format!("command=[{}]", words.join(", "));
    let call = home.call(["init", "--backend", "script", "--set", &command]);
    let _ = call.run().assert_printed();
    home.helper().run().assert_key("key-1");
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn init_without_command_writes_an_absolute_example_path() {
    let home = Home::new();
    let answer = home.call(["init", "--backend", "script"]).run();
    assert!(answer.assert_printed().contains(&*home.config_file().to_string_lossy()), "{answer:?}");
    home.helper().run().assert_error(2, &["generate_temp_api_key", "is not there"]);
}

#[test]
fn init_keeps_an_existing_configuration() {
    let home = Home::new();
    let file = home.config_file();
    home.configure("# mine\n");
    let words = [&*file.to_string_lossy(), "is there already", "`--config`"];
    home.call(["init"]).run().assert_error(2, &words);
    assert_eq!(fs::read_to_string(file).unwrap(), "# mine\n");
}
