//! How the program ends is how the call ends.

use integration_tests::home::{Home, KEYS};

const MODES: [&[&str]; 2] = [&["exec", "--"], &["exec", "--reload", "--"]];

#[test]
fn the_exit_code_is_the_programs() {
    let home = Home::with_script(KEYS);
    for mode in MODES {
        for code in [0, 1, 42, 125, 255] {
            let call = home.call(mode.iter().copied());
            let answer = call.args(["sh", "-c", &format!("exit {code}")]).run();
            assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(code), "", ""));
        }
    }
}

#[test]
fn the_signal_is_the_programs() {
    let home = Home::with_script(KEYS);
    for mode in MODES {
        for (name, number) in [("HUP", 1), ("KILL", 9), ("SEGV", 11), ("TERM", 15), ("USR1", 10)] {
            let call = home.call(mode.iter().copied());
            let answer = call.args(["sh", "-c", &format!("kill -{name} $$")]).run();
            assert_eq!((answer.code, answer.signal), (None, Some(number)), "{answer:?}");
        }
    }
}

#[test]
fn the_streams_are_the_programs() {
    let home = Home::with_script(KEYS);
    for mode in MODES {
        let call = home.call(mode.iter().copied()).args(["sh", "-c", "cat; echo err >&2"]);
        let answer = call.input(b"in").run();
        assert_eq!((&*answer.stdout, &*answer.stderr), ("in", "err\n"), "{answer:?}");
    }
}
