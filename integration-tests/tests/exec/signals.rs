//! Signals during the fetch.

use integration_tests::home::Home;
use integration_tests::wait::until;
use rustix::process::Signal;

#[test]
fn exec_sigterm_during_the_fetch_ends_the_call() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &breakpoint.command());
    home.configure(&integration_tests::home::configuration("", "", &script));
    let program = home.script("program", "");
    let call = home.call(["exec", "--"]).arg(&program).start();
    let held = breakpoint.reached();
    call.signal(Signal::TERM);
    let answer = call.finish();
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(143), "", ""));
    held.resume();
    until("the script has ended", || {
        home.processes("main").iter().all(|process| !process.is_running()).then_some(())
    });
    assert_eq!(home.runs("program"), 0);
}

#[test]
fn exec_under_nohup_ignores_sighup_during_the_fetch() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("{}\necho key-1", breakpoint.command()));
    home.configure(&integration_tests::home::configuration("", "", &script));
    let call = home.call(["exec", "--", "printenv", "ANTHROPIC_API_KEY"]);
    let call = call.under(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]).start();
    let held = breakpoint.reached();
    call.signal(Signal::HUP);
    held.resume();
    assert_eq!(call.finish().assert_printed(), "key-1\n");
}
