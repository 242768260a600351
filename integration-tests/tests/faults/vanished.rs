//! A state folder that is removed during a call.

use std::fs;

use integration_tests::binaries::Binaries;
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::process::Process;
use integration_tests::strace::{TRACE, read, trace_with, under_strace};
use integration_tests::wait::until;
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn state_folder_removed_during_a_fetch_still_prints_the_key() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run != 1 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("", "", &script));
    let call = home.helper().start();
    let held = breakpoint.reached();
    fs::remove_dir_all(home.state().path()).unwrap();
    held.resume();

    call.finish().assert_warned("key-1", &["the key was not cached"]);
    home.helper().run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn state_folder_removed_during_a_fetch_lets_a_second_fetch_succeed() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run != 1 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("", "", &script));
    let first = home.helper().start();
    let held = breakpoint.reached();
    fs::remove_dir_all(home.state().path()).unwrap();
    // The first one's lock was removed with the folder.
    home.helper().run().assert_key("key-2");
    held.resume();

    let answer = first.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), "key-1"), "{answer:?}");
    let _ = home.helper().run().key();
    assert_eq!(home.runs("main"), 2);
    assert_eq!(home.state().files(".unreadable"), [""; 0]);
}

#[test]
fn state_folder_removed_during_a_hit_makes_a_cache_miss() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let entry = home.state().entry_file("main");
    let front = Binaries::built().front.canonicalize().unwrap();
    let (answer, calls) = trace_with(home.helper(), home.path(), &[]);
    answer.assert_key("key-1");
    let opened: Vec<_> =
        calls.lines().filter_map(read).filter(|call| call.name == "openat").collect();
    let of_entry = opened.iter().position(|call| call.path() == entry.to_str()).unwrap() + 1;

    // It stops when it has opened the file before the entry.
    let stop = ["-e".to_owned(), format!("inject=openat:signal=STOP:when={}", of_entry - 1)];
    let call = under_strace(home.helper(), home.path(), &stop).start();
    until("it stands still", || {
        let trace = fs::read_to_string(home.path().join(TRACE)).unwrap_or_default();
        trace.contains("--- stopped by SIGSTOP ---").then_some(())
    });
    fs::remove_dir_all(home.state().path()).unwrap();
    let [process] = Process::all_of(&front, "HOME", home.path())[..] else { panic!("not one") };
    let id = Pid::from_raw(process.id.cast_signed()).unwrap();
    kill_process(id, Signal::CONT).unwrap();

    call.finish().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}
