//! Programs that are not run, with the reason.

use std::fs;

use integration_tests::binaries::Binaries;
use integration_tests::home::{Home, KEYS};

#[test]
fn exec_without_a_key_exits_125_and_starts_nothing() {
    for (body, words) in [
        ("echo 'no network' >&2; exit 75", &["no network"][..]),
        ("echo 'not yours' >&2; exit 77", &["not yours"]),
        ("echo 'two words'", &["not a key"]),
    ] {
        let home = Home::with_settings("", "retries = 0", body);
        let program = home.script("program", "");
        home.call(["exec", "--"]).arg(&program).run().assert_error(125, words);
        assert_eq!(home.runs("program"), 0);
    }
}

#[test]
fn exec_with_invalid_arguments_exits_125() {
    let home = Home::with_script(KEYS);
    let program = home.script("program", "").into_os_string().into_string().unwrap();
    for (arguments, words) in [
        (&["exec"][..], &["`<COMMAND>...` is missing"][..]),
        (&["exec", &program], &["unexpected argument"]),
        (&["exec", "--env", "A=b", "--", &program], &["A=b"]),
        (&["exec", "--env", "", "--", &program], &["--env"]),
        (&["exec", "--no-such", "--", &program], &["--no-such"]),
        (&["--profile", "none", "exec", "--", &program], &["`none`"]),
    ] {
        home.call(arguments.iter().copied()).run().assert_error(125, words);
    }
    let nobody = Home::new();
    nobody.call(["exec", "--", &program]).run().assert_error(125, &["there is no configuration"]);
    let alone = Binaries::copy_front(&home.path().join("alone"));
    let call = home.call(["exec", "--", &program]).program(&alone.front);
    call.run().assert_error(125, &["cannot find the worker"]);
    assert_eq!(home.runs("program"), 0);
}

#[test]
fn exec_of_a_missing_program_exits_127_and_not_executable_126() {
    let home = Home::with_script(KEYS);
    let plain = home.write("plain", "not executable").display().to_string();
    let folder = home.path().join("folder").display().to_string();
    fs::create_dir(&folder).unwrap();
    let run = |program: &str| home.call(["exec", "--"]).arg(program).run();
    for missing in ["no-such-program", "/no/such/program", ""] {
        run(missing).assert_error(127, &["is not there"]);
    }
    for program in [&*plain, &*folder] {
        run(program).assert_error(126, &[program, "ermission denied"]);
    }
}
