//! Keys that are printed and refreshed in the background.

use std::fs;
use std::path::Path;
use std::time::Duration;

use integration_tests::binaries::Binaries;
use integration_tests::breakpoint::Breakpoint;
use integration_tests::call::Running;
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::process::Process;
use integration_tests::strace::{STARTS, named, trace};
use integration_tests::wait::until;
use rustix::process::Signal;

/// Longer than the `ttl` of an hour, but not by more than `stale_while_revalidate`, with any
/// jitter.
const DUE: Duration = Duration::from_secs(62 * 60);

/// Returns a home with a due key, whose source waits at the breakpoint from now on.
fn due() -> (Home, Breakpoint) {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("", "", &script));
    home.helper().run().assert_key("key-1");
    home.state().age("main", DUE);
    (home, breakpoint)
}

/// Returns the process that refreshes: the parent of the script's second run.
fn refresher(home: &Home) -> Process {
    home.processes("main")[1].parent()
}

fn wait_for_new_key(home: &Home) {
    until("the new key is saved", || {
        (home.state().key("main").as_deref() == Some("key-2")).then_some(())
    });
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn due_key_is_printed_while_the_source_hangs() {
    let (home, breakpoint) = due();
    // The call and its stdout end before the refresh has a result.
    home.helper().run().assert_key("key-1");
    let held = breakpoint.reached();
    assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
    held.resume();
    wait_for_new_key(&home);
}

#[test]
fn due_key_of_thirty_calls_is_refreshed_once() {
    let (home, breakpoint) = due();
    let calls: Vec<Running> = (0..30).map(|_| home.helper().start()).collect();
    for call in calls {
        call.finish().assert_key("key-1");
    }
    let held = breakpoint.reached();
    // During the refresh, calls do not even start another one.
    let refresher = refresher(&home);
    let (answer, calls) = trace(home.helper(), home.path());
    answer.assert_key("key-1");
    assert_eq!(named(&calls, &STARTS), [&calls[0]; 0]);
    assert_eq!(home.runs("main"), 2);
    held.resume();
    wait_for_new_key(&home);
    until("the refresher ends", || (!refresher.is_running()).then_some(()));
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn late_background_refreshers_do_not_wait_for_the_lock_holder() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("deadline = \"2m\"\ntimeout = \"2m\"", "", &script));
    home.make_dumpable();
    home.helper().run().assert_key("key-1");
    home.state().age("main", DUE);
    let calls: Vec<Running> = (0..30).map(|_| home.helper().start()).collect();
    for call in calls {
        call.finish().assert_key("key-1");
    }
    let _held = breakpoint.reached();
    let refresher = refresher(&home);
    let worker = Binaries::built().worker.canonicalize().unwrap();
    until("one refresher is left", || {
        (Process::all_of(&worker, "HOME", home.path()) == [refresher]).then_some(())
    });
}

/// The caller's pipe, a lock and a folder are free after the answer, whether the front or, for a
/// format, the worker starts the refresh.
#[test]
fn background_refresh_keeps_no_descriptor_or_folder_of_its_caller() {
    for format in ["raw", "headers"] {
        let (home, breakpoint) = due();
        home.make_dumpable();
        let work = home.path().join("work");
        fs::create_dir(&work).unwrap();
        let lock = home.write("lock", "");
        let front = Binaries::built().front.to_str().unwrap();
        let script = format!(
            "exec 9<'{}' 7</dev/zero; flock -n 9; exec \"$0\" --format {format}",
            lock.display()
        );
        let shell = home.call(["-c", &*script, front]).program(Path::new("/bin/sh"));
        let answer = shell.folder(&work).run();
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert!(answer.stdout.contains("key-1"), "{answer:?}");

        let held = breakpoint.reached();
        fs::File::open(&lock).unwrap().try_lock().expect("the lock is free");
        let (refresher, program) = (refresher(&home), home.processes("main")[1]);
        for process in [refresher, program] {
            assert_ne!(process.folder().as_ref(), Some(&work), "{format}");
            let files = process.files();
            for file in [&*lock, Path::new("/dev/zero")] {
                assert!(!files.iter().any(|open| open == file), "{format}: {files:?}");
            }
        }
        held.resume();
        wait_for_new_key(&home);
    }
}

#[test]
fn background_refresh_survives_its_callers_process_group() {
    let (home, breakpoint) = due();
    home.make_dumpable();
    let front = &Binaries::built().front;
    // The shell and its whole group are killed as soon as there is an answer.
    let shell = ["-c", "\"$0\"; kill -KILL 0", front.to_str().unwrap()];
    let answer = home.call(shell).program(Path::new("/bin/sh")).leads_group().run();
    assert_eq!((answer.signal, &*answer.stdout), (Some(Signal::KILL.as_raw()), "key-1"));

    let held = breakpoint.reached();
    let refresher = refresher(&home);
    assert!(refresher.is_running());
    assert_eq!(refresher.program(), Some(Binaries::built().worker.canonicalize().unwrap()));
    assert_eq!((refresher.session(), refresher.group()), (refresher.id, refresher.id));
    for stream in 0..3 {
        assert_eq!(refresher.descriptor(stream).as_deref(), Some(Path::new("/dev/null")));
    }
    held.resume();
    wait_for_new_key(&home);
}

#[test]
fn background_refresh_reads_a_configuration_named_like_an_option() {
    let home = Home::new();
    let script = home.script("main", KEYS);
    home.write("-c.toml", configuration("", "", &script));
    let call = home.call(["--config=-c.toml"]).folder(home.path());
    call.run().assert_key("key-1");
    home.state().age("main", DUE);
    call.run().assert_key("key-1");
    until("the new key is saved", || {
        (home.state().key("main").as_deref() == Some("key-2")).then_some(())
    });
}

#[test]
fn due_key_is_printed_silently_while_the_source_is_down() {
    let home = Home::with_settings("retries = 0", "", &format!("[ $run = 2 ] && exit 75\n{KEYS}"));
    home.helper().run().assert_key("key-1");
    home.state().age("main", DUE);
    home.helper().run().assert_key("key-1");
    until("the failure is remembered", || home.state().failure("main"));
    home.state().wait_for_peace("main");
    // During the cooldown, there is no request and no warning: the key is still valid.
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 2);
    home.state().end_pause("main");
    home.helper().run().assert_key("key-1");
    until("the new key is saved", || {
        (home.state().key("main").as_deref() == Some("key-3")).then_some(())
    });
    home.helper().run().assert_key("key-3");
}
