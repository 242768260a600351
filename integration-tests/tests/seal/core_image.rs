//! A crash leaves no core image with a key.

use std::fs;

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};
use integration_tests::install;
use integration_tests::syscalls::dumpable;

/// Runs `call` without a limit for core images, kills it when it is about to write `text`, and
/// returns its end as `strace` reports it.
#[track_caller]
fn killed_while_it_writes(home: &Home, call: &Call, text: &str) -> String {
    let strace = install::debian_wrapper("strace", &["strace"]);
    let trace = home.path().join("strace.out");
    // The number of the system call comes from the run before.
    let under_strace = |more: &str| {
        let line = format!(
            "ulimit -c unlimited; exec '{}' -qq -s 64 -e trace=write {more} -o '{}' -- \"$@\"",
            strace.display(),
            trace.display()
        );
        call.clone().under(["sh", "-c", &line, "sh"].map(str::to_owned))
    };
    let printed = dumpable(under_strace("")).run();
    assert_eq!((printed.code, &*printed.stdout), (Some(0), text), "{printed:?}");
    let calls = fs::read_to_string(&trace).unwrap();
    let number = calls.lines().position(|line| line.contains(&format!("\"{text}\""))).unwrap() + 1;
    let killed = under_strace(&format!("-e inject=write:signal=ABRT:when={number}")).run();
    assert_eq!(killed.code, None, "{killed:?}");
    let said = fs::read_to_string(&trace).unwrap();
    said.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn front_crash_leaves_no_core_dump_with_the_key() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");

    // Checks that this machine writes core images: otherwise the test proves nothing.
    let other = Call::new("/bin/echo".as_ref(), home.path()).args(["-n", "key-1"]);
    let end = killed_while_it_writes(&home, &other, "key-1");
    assert_eq!(end, "+++ killed by SIGABRT (core dumped) +++");

    let end = killed_while_it_writes(&home, &home.helper(), "key-1");
    assert_eq!(end, "+++ killed by SIGABRT +++");
}

#[test]
fn worker_and_script_run_with_core_dumps_off() {
    let home = Home::with_script("[ \"$(ulimit -c)\" = 0 ] && echo no-image || ulimit -c");
    home.helper()
        .under(["sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"])
        .run()
        .assert_key("no-image");
}
