//! Programs that print an invalid key, or a key with additional text.

use integration_tests::home::Home;
use integration_tests::wait::until;

#[track_caller]
fn printed(body: &str) -> integration_tests::call::Answer {
    Home::with_settings("retries = 0", "", body).helper().run()
}

#[test]
fn script_output_around_the_key_is_trimmed() {
    for body in [
        "printf sk-1",
        "printf 'sk-1\\r\\n'",
        "printf '\\357\\273\\277sk-1\\n'",
        "printf '\\n\\n  sk-1 \\t\\n\\n'",
        "echo '{\"key\": \"sk-1\"}'",
        "echo 'noise' >&2; echo sk-1",
    ] {
        printed(body).assert_key("sk-1");
    }
}

#[test]
fn script_without_output_exits_1_as_down() {
    for body in [":", "echo", "printf '\\r\\n'", "printf '\\357\\273\\277'"] {
        printed(body).assert_error(1, &["printed no key", "let it exit with 75"]);
    }
    printed("echo null").assert_error(1, &["printed `null` instead of a key", "`jq -er`"]);
}

#[test]
fn script_output_that_is_no_key_is_named_by_position() {
    let alone = "print the key alone on stdout";
    for (body, words) in [
        ("printf 'sk-1\\nsk-2\\n'", ["more than one line: the first ends at character 5", alone]),
        ("printf 'sk-1\\r\\nsk-2'", ["more than one line: the first ends at character 5", alone]),
        ("echo 'sk-1 sk-2'", ["character 5 of the key is a space, or not printable ASCII", alone]),
        ("printf 'sk\\0001'", ["character 3 of the key is a space, or not printable ASCII", alone]),
        ("printf '\\033[32msk-1\\033[0m'", ["terminal sequences", "turn off the colours"]),
        ("head -c 100 /dev/zero", ["character 1 of the key", alone]),
        ("printf '\\177ELF\\377\\376'", ["byte 5 is not UTF-8", alone]),
        ("echo '\"sk-1\"'", ["in quotes", "`jq -r`"]),
        ("echo '{\"token\": \"sk-1\"}'", ["there is no `key`", "by hand"]),
        ("echo '{\"key\": 1}'", ["in which `key` is not a text", "by hand"]),
        ("echo '{\"key\": \"sk-1\"'", ["not a JSON document at line 1", "by hand"]),
    ] {
        let answer = printed(body);
        answer.assert_error(2, &words);
        assert!(!answer.stderr.contains("sk-1"), "{answer:?}");
    }
}

#[test]
fn script_key_of_16384_characters_is_the_longest() {
    let of_length = |length: usize| format!("printf '%0{length}d' 0 | tr 0 k");
    printed(&of_length(16_384)).assert_key(&"k".repeat(16_384));
    let words = ["the key has 16385 characters; at most 16384 are allowed"];
    printed(&of_length(16_385)).assert_error(2, &words);
}

#[test]
fn script_key_of_the_greatest_length_is_cached() {
    let home = Home::with_script("printf '%016384d' $run");
    let key = format!("{:016384}", 1);
    home.helper().run().assert_key(&key);
    home.helper().run().assert_key(&key);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn script_output_of_a_gigabyte_is_cut_off() {
    let body = "head -c 1073741824 /dev/zero | tr '\\0' k && echo all of it >\"$HOME/end\"";
    let home = Home::with_script(body);
    home.helper().run().assert_error(2, &["printed more than 1048576 bytes", "by hand"]);
    let [script] = &home.processes("main")[..] else { panic!("not one run") };
    until("the script is ended", || (!script.is_running()).then_some(()));
    assert!(!home.path().join("end").exists());
}

#[test]
fn script_child_that_keeps_stdout_open_does_not_delay_the_call() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("{{ {}; }} &\necho key-$run", breakpoint.command()));
    home.configure(&integration_tests::home::configuration("", "", &script));
    home.helper().run().assert_key("key-1");
    breakpoint.reached().resume();
}
