//! At a terminal, the program and we are one job.

use std::fs;

use integration_tests::terminal::{Streams, Terminal};
use integration_tests::wait::until;
use rustix::process::Signal;

use crate::signals::send;
use crate::supervised::Supervised;

#[test]
fn ctrl_c_reaches_the_program_once() {
    let user = Supervised::new();
    let terminal = Terminal::start(&user.call(), Streams::All);
    let program = user.wait_for("started key-1");
    terminal.interrupt();
    user.wait_for("INT");
    // What comes later comes behind whatever was passed on before.
    send(program.parent(), Signal::USR1);
    user.wait_for("USR1");
    send(program.parent(), Signal::TERM);
    assert_eq!(terminal.finish().code, Some(7));
    assert_eq!(user.told(), ["started key-1", "INT", "USR1", "TERM"]);
}

#[test]
fn ctrl_c_ends_a_program_that_does_nothing_about_it() {
    let user = Supervised::new();
    for mode in [&["exec"][..], &["exec", "--reload"]] {
        let call = user.home.call(mode.iter().copied());
        let call = call.args(["--", "sh", "-c", "echo $$ >\"$HOME/shell\"; read -r _"]);
        let terminal = Terminal::start(&call, Streams::All);
        let shell = user.home.path().join("shell");
        until("the shell waits", || fs::read_to_string(&shell).ok()?.ends_with('\n').then_some(()));
        terminal.interrupt();
        // The terminal's own process tells -2, the signal, in its exit code.
        assert_eq!(terminal.finish().code, Some(256 - 2));
        fs::remove_file(shell).unwrap();
    }
}

#[test]
fn ctrl_z_stops_both_and_fg_continues_both() {
    let user = Supervised::new();
    let line = "set -m; \"$@\"; echo >\"$HOME/stopped\"; read -r _; fg >/dev/null";
    let call = user.call().under(["/bin/bash", "-c", line, "bash"]);
    let mut terminal = Terminal::start(&call, Streams::All);
    let program = user.wait_for("started key-1");
    let ours = program.parent();
    assert_eq!(program.group(), ours.group());
    terminal.press("\u{1a}");
    let stopped = user.home.path().join("stopped");
    until("the shell has the terminal back", || stopped.exists().then_some(()));
    until("both stand still", || (program.is_stopped() && ours.is_stopped()).then_some(()));
    terminal.press("\n");
    until("both go on", || (!program.is_stopped() && !ours.is_stopped()).then_some(()));
    send(ours, Signal::TERM);
    assert_eq!(terminal.finish().code, Some(7));
}
