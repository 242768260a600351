//! Two hosts with one home, on a network file system.

use std::fs;
use std::time::Duration;

use integration_tests::breakpoint::Breakpoint;
use integration_tests::call::{Call, wait_for_workers};
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::mounts::Mounts;
use integration_tests::strace::under_strace;

/// A home with a stale key, whose source waits at a breakpoint in its second and third run.
fn home() -> (Home, [Breakpoint; 2]) {
    let home = Home::new();
    let breakpoints =
        ["breakpoint-2", "breakpoint-3"].map(|name| Breakpoint::new(&home.path().join(name)));
    let [second, third] = breakpoints.each_ref().map(Breakpoint::command);
    let waits = format!("case $run in 2) {second};; 3) {third};; esac");
    let script = home.script("main", &format!("{waits}\n{KEYS}"));
    home.configure(&configuration("", "", &script));
    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(2 * 60 * 60));
    (home, breakpoints)
}

/// Returns the call on another host, which does not see the locks of this one.
fn on_another_host(home: &Home, call: Call) -> Call {
    let locks = home.state().files(".lock");
    assert_eq!(locks.len(), 1);
    let own = home.write("lock-of-the-other-host", "");
    Mounts::new().bind(&own, &home.state().path().join(&locks[0])).seen_by(call)
}

/// Asserts that both fetch at once, and get different keys, one of which a later call prints.
#[track_caller]
fn assert_both_ask(
    home: &Home,
    breakpoints: &[Breakpoint; 2],
    calls: &[Call; 2],
    warnings: &[&str],
) {
    let asking = [0, 1].map(|number| {
        let call = calls[number].start();
        (call, breakpoints[number].reached())
    });
    let mut keys = Vec::new();
    for (call, held) in asking {
        held.resume();
        let answer = call.finish();
        if warnings.is_empty() {
            answer.assert_key(&answer.stdout);
        } else {
            answer.assert_warned(&answer.stdout, warnings);
        }
        keys.push(answer.stdout);
    }
    keys.sort();
    assert_eq!(keys, ["key-2", "key-3"]);
    let answer = home.helper().run();
    assert!(keys.contains(&answer.stdout), "{answer:?}");
    home.helper().run().assert_key(&answer.stdout);
    assert_eq!(home.runs("main"), 3);
    assert_eq!(home.state().files(".unreadable"), [""; 0]);
    assert_eq!(home.state().files(".tmp"), [""; 0]);
}

#[test]
fn lock_not_shared_between_hosts_costs_one_more_fetch() {
    let (home, breakpoints) = home();
    let here = home.helper();
    let there = on_another_host(&home, home.helper());
    assert_both_ask(&home, &breakpoints, &[here, there], &[]);
}

#[test]
fn lock_unsupported_by_the_file_system_costs_a_fetch_and_a_warning() {
    let (home, breakpoints) = home();
    let folders = ["here", "there"].map(|name| home.path().join(name));
    let calls = folders.map(|folder| {
        fs::create_dir(&folder).unwrap();
        let no_locks = ["-f", "-e", "inject=flock:error=ENOLCK"].map(str::to_owned);
        under_strace(home.helper(), &folder, &no_locks)
    });
    assert_both_ask(&home, &breakpoints, &calls, &["cannot lock the state folder"]);
}

#[test]
fn lock_shared_between_hosts_lets_one_fetch() {
    let (home, [breakpoint, _]) = home();
    let calls = ["here", "there"].map(|name| {
        let host = ["unshare", "--user", "--map-root-user", "--uts", "sh", "-euc"];
        let named = format!("hostname {name}; exec \"$@\"");
        let line = host.into_iter().map(str::to_owned).chain([named, "sh".to_owned()]);
        home.helper().under(line).start()
    });
    let held = breakpoint.reached();
    wait_for_workers(&calls);
    held.resume();
    for call in calls {
        call.finish().assert_key("key-2");
    }
    assert_eq!(home.runs("main"), 2);
}
