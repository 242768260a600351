//! Programs with the key in their environment.

use std::path::Path;

use platform_tests::call::Call;
use platform_tests::home::{Home, KEYS};

/// Returns a call that runs the test program by `exec`.
fn exec(home: &Home, words: &[&str]) -> Call {
    home.call(["exec", "--"]).arg(home.test_program()).args(words.iter().copied())
}

#[test]
fn exec_program_finds_the_key_in_its_environment() {
    let home = Home::with_source(KEYS);
    let answer = exec(&home, &["show", "ANTHROPIC_API_KEY"]).run();
    assert_eq!(answer.assert_printed().trim_end(), "key-1");
    let call = home.call(["exec", "--env", "OTHER", "--"]).arg(home.test_program());
    let answer = call.args(["show", "OTHER"]).env("OTHER", "the callers").run();
    assert_eq!(answer.assert_printed().trim_end(), "key-1");
}

#[test]
fn exec_exits_with_the_programs_exit_code() {
    let home = Home::with_source(KEYS);
    for code in [0, 1, 42, 125, 255] {
        let answer = exec(&home, &["exit", &code.to_string()]).run();
        assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(code), "", ""));
    }
}

/// Programs exit like this by `exit` with a large number, or by a crash: here
/// STATUS_ACCESS_VIOLATION.
#[cfg(windows)]
#[test]
fn exec_exits_with_an_exit_code_of_32_bits() {
    let home = Home::with_source(KEYS);
    for code in [256, 300, 0xC000_0005_u32] {
        let answer = exec(&home, &["exit", &code.to_string()]).run();
        assert_eq!(answer.code, Some(code.cast_signed()), "{answer:?}");
    }
}

#[test]
fn exec_passes_stdin_stdout_and_stderr_through() {
    let home = Home::with_source(KEYS);
    let steps = home.write("program.steps", "read\nsay err");
    let call = exec(&home, &["steps", steps.to_str().unwrap()]);
    let answer = call.input(b"in").run();
    assert_eq!((&*answer.stdout, answer.stderr.trim_end()), ("in", "err"), "{answer:?}");
}

#[test]
fn exec_without_a_key_exits_125_and_starts_nothing() {
    let home = Home::with_settings("retries = 0", "", "say no network\nexit 75");
    let steps = home.write("program.steps", "print started");
    let answer = exec(&home, &["steps", steps.to_str().unwrap()]).run();
    answer.assert_error(125, &["no network"]);
    assert_eq!(home.runs("program"), 0);
}

#[test]
fn exec_of_a_missing_program_exits_127() {
    let home = Home::with_source(KEYS);
    let call = home.call(["exec", "--"]).arg(home.path().join("no-such-program"));
    call.run().assert_error(127, &["is not there"]);
}

#[test]
fn exec_arguments_reach_the_program_without_a_shell() {
    let home = Home::with_source(KEYS);
    let fake = home.test_program();
    let words = ["--front-version=0", "", "a b", "*", "%PATH%", "\"; id", "$HOME", "a\\\"b\\\\"];
    let call = home.call(["exec", "--"]).arg(Path::new(&fake)).args(words);
    let answer = call.input(b"").run();
    let given: Vec<String> = serde_json::from_str(answer.stdout.trim_end()).unwrap();
    assert_eq!(given, words);
}
