//! Signals that arrive while the key is fetched.

use integration_tests::home::Home;
use integration_tests::wait::until;
use rustix::process::Signal;

#[test]
fn whoever_waits_for_the_key_can_be_stopped() {
    let home = Home::new();
    let gate = home.gate();
    let script = home.script("main", &gate.pass());
    home.configure(&integration_tests::home::configuration("", "", &script));
    let program = home.script("program", "");
    let call = home.call(["exec", "--"]).arg(&program).start();
    let held = gate.reached();
    call.signal(Signal::TERM);
    let answer = call.finish();
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(143), "", ""));
    held.let_go();
    until("the script has ended", || {
        home.processes("main").iter().all(|process| !process.is_running()).then_some(())
    });
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
