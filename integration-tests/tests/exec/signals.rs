//! A signal for the program reaches it, whoever stands between.

use integration_tests::home::Home;
use integration_tests::process::Process;
use integration_tests::wait::until;
use rustix::process::{Pid, Signal, kill_process};

use crate::supervised::Supervised;

#[test]
fn what_is_sent_to_us_is_passed_on_once() {
    let user = Supervised::new();
    let call = user.call().start();
    let program = user.wait_for("started key-1");
    assert_eq!(program.parent(), call.process());
    let all = [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("WINCH", Signal::WINCH),
        ("TERM", Signal::TERM),
    ];
    let mut expected = vec!["started key-1".to_owned()];
    for (name, signal) in all {
        call.signal(signal);
        assert_eq!(user.wait_for(name), program);
        expected.push(name.to_owned());
    }
    let answer = call.finish();
    assert_eq!((answer.code, &*answer.stderr), (Some(7), ""), "{answer:?}");
    assert_eq!(user.told(), expected);
}

#[test]
fn whoever_waits_for_the_key_can_be_stopped() {
    let home = Home::new();
    let gate = home.gate();
    let script = home.script("main", &gate.pass());
    home.configure(&integration_tests::home::configuration("", "", &script));
    let program = home.script("program", "");
    for (mode, signal, code) in [
        (&["exec", "--"][..], Signal::TERM, 143),
        (&["exec", "--reload", "--"], Signal::TERM, 143),
        (&["exec", "--reload", "--"], Signal::QUIT, 131),
    ] {
        let call = home.call(mode.iter().copied()).arg(&program).start();
        let held = gate.reached();
        call.signal(signal);
        let answer = call.finish();
        assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(code), "", ""));
        held.let_go();
        until("the script has ended", || {
            home.processes("main").iter().all(|process| !process.is_running()).then_some(())
        });
    }
    assert_eq!(home.runs("program"), 0);
}

#[test]
fn what_nohup_ignores_stays_ignored_while_the_key_is_fetched() {
    let home = Home::new();
    let gate = home.gate();
    let script = home.script("main", &format!("{}\necho key-1", gate.pass()));
    home.configure(&integration_tests::home::configuration("", "", &script));
    let call = home.call(["exec", "--", "printenv", "ANTHROPIC_API_KEY"]);
    let call = call.under(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]).start();
    let held = gate.reached();
    call.signal(Signal::HUP);
    held.let_go();
    assert_eq!(call.finish().assert_printed(), "key-1\n");
}

#[test]
fn a_program_whose_supervisor_was_killed_ends() {
    let user = Supervised::new();
    let call = user.call().start();
    let program = user.wait_for("started key-1");
    call.signal(Signal::KILL);
    assert_eq!(call.finish().signal, Some(9));
    assert_eq!(user.wait_for("TERM"), program);
    until("the program is gone", || (!program.is_running()).then_some(()));
}

/// Sends a signal to somebody who is not our child.
pub(crate) fn send(process: Process, signal: Signal) {
    let pid = Pid::from_raw(process.id.cast_signed()).unwrap();
    kill_process(pid, signal).unwrap();
}
