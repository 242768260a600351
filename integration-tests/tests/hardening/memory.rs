//! Access to the memory of a process that holds a secret.

use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::process::Process;
use integration_tests::strace::trace;

/// Runs the call as an ordinary process of the user: root drops its capabilities.
fn without_roots_rights(call: Call) -> Call {
    if rustix::process::geteuid().is_root() {
        return call.under(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]);
    }
    call
}

/// Returns what another process of the user can read of `process`, from a file that requires the
/// right to trace it (proc(5), "PTRACE_MODE_READ").
fn look_into(process: Process, file: &str, home: &Home) -> Answer {
    let file = format!("/proc/{}/{file}", process.id);
    without_roots_rights(Call::new("/bin/cat".as_ref(), home.path()).arg(file)).run()
}

#[test]
fn worker_memory_is_closed_to_other_processes() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("{}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("", "", &script));
    // The front became the worker, so it is the same process.
    let call = without_roots_rights(home.helper()).start();
    let held = breakpoint.reached();
    let [script] = home.processes("main")[..] else { panic!("not one run") };

    for file in ["environ", "maps", "mem"] {
        let seen = look_into(call.process(), file, &home);
        assert_eq!((seen.code, &*seen.stdout), (Some(1), ""), "{file}: {seen:?}");
        assert!(seen.stderr.contains("Permission denied"), "{file}: {seen:?}");
    }
    // A program that it starts is visible again.
    let seen = look_into(script, "environ", &home);
    assert!(seen.stdout.contains("HOME="), "{seen:?}");

    held.resume();
    call.finish().assert_key("key-1");
}

#[test]
fn front_closes_its_memory_before_it_reads_a_file() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");

    let (answer, calls) = trace(home.helper(), home.path());

    answer.assert_key("key-1");
    let ours = home.path().to_str().unwrap();
    let read = calls.iter().position(|call| call.path().is_some_and(|path| path.starts_with(ours)));
    let read = calls[..read.unwrap()].iter().filter(|call| call.name == "prctl");
    let [closed] = &read.collect::<Vec<_>>()[..] else { panic!("not one call: {calls:?}") };
    assert!(closed.rest.starts_with("PR_SET_DUMPABLE, SUID_DUMP_DISABLE"), "{closed:?}");
    assert!(closed.rest.ends_with("= 0"), "{closed:?}");
}
