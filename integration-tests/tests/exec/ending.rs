//! The call exits as the program does.

use std::fs;

use integration_tests::home::{Home, KEYS};
use integration_tests::terminal::{Streams, Terminal};
use integration_tests::wait::until;

#[test]
fn exec_exits_with_the_programs_exit_code() {
    let home = Home::with_script(KEYS);
    for code in [0, 1, 42, 125, 255] {
        let answer = home.call(["exec", "--", "sh", "-c", &format!("exit {code}")]).run();
        assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(code), "", ""));
    }
}

#[test]
fn exec_ends_by_the_signal_that_ended_the_program() {
    let home = Home::with_script(KEYS);
    for (name, number) in [("HUP", 1), ("KILL", 9), ("SEGV", 11), ("TERM", 15), ("USR1", 10)] {
        let answer = home.call(["exec", "--", "sh", "-c", &format!("kill -{name} $$")]).run();
        assert_eq!((answer.code, answer.signal), (None, Some(number)), "{answer:?}");
    }
}

#[test]
fn exec_passes_stdin_stdout_and_stderr_through() {
    let home = Home::with_script(KEYS);
    let answer = home.call(["exec", "--", "sh", "-c", "cat; echo err >&2"]).input(b"in").run();
    assert_eq!((&*answer.stdout, &*answer.stderr), ("in", "err\n"), "{answer:?}");
}

#[test]
fn exec_ctrl_c_sigint_ends_a_program_without_a_handler() {
    let home = Home::with_script(KEYS);
    let call = home.call(["exec", "--", "sh", "-c", "echo $$ >\"$HOME/shell\"; read -r _"]);
    let terminal = Terminal::start(&call, Streams::All);
    let shell = home.path().join("shell");
    until("the shell waits", || fs::read_to_string(&shell).ok()?.ends_with('\n').then_some(()));
    terminal.interrupt();
    // The terminal's own process reports the signal -2 in its exit code.
    assert_eq!(terminal.finish().code, Some(256 - 2));
}
