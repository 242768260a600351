//! A fetch that is interrupted.

use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::process::Process;
use integration_tests::wait::until;
use rustix::process::Signal;

#[track_caller]
fn assert_interrupted_by(signal: Signal, exit_code: i32) {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    // A child of the script is in its group as well.
    let child =
        format!("sh -c 'echo $$ >\"$HOME/child\"; exec sleep 600' & {}", breakpoint.command());
    let script = home.script("main", &format!("[ $run = 1 ] && {{ {child}; }}\n{KEYS}"));
    home.configure(&configuration("", "", &script));
    let call = home.helper().start();
    let _held = breakpoint.reached();
    let child = until("the child runs", || {
        let id = std::fs::read_to_string(home.path().join("child")).ok()?;
        Some(Process { id: id.trim().parse().ok()? })
    });
    let [script] = home.processes("main")[..] else { panic!("not one run") };
    assert!(script.is_running() && child.is_running());

    call.signal(signal);
    let answer = call.finish();

    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(exit_code), "", ""));
    until("the script's group is gone", || {
        (!script.is_running() && !child.is_running()).then_some(())
    });
    // The next call finds neither a lock nor a cooldown.
    home.call(["get", "--deadline", "10s"]).run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn ctrl_c_sigint_exits_130_ends_the_script_and_frees_the_lock() {
    assert_interrupted_by(Signal::INT, 130);
}

#[test]
fn sigterm_exits_143_ends_the_script_and_frees_the_lock() {
    assert_interrupted_by(Signal::TERM, 143);
}

#[test]
fn sighup_exits_129_ends_the_script_and_frees_the_lock() {
    assert_interrupted_by(Signal::HUP, 129);
}
