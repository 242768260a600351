//! At most one process refreshes a source.

use platform_tests::breakpoint::Breakpoint;
use platform_tests::call::Running;
use platform_tests::home::{Home, KEYS};
use platform_tests::wait::until;

#[test]
fn single_flight_twenty_cold_callers_run_the_source_once() {
    let breakpoint = Breakpoint::new();
    let home = Home::with_source(&format!("{}\n{KEYS}", breakpoint.wait_step()));
    let calls: Vec<Running> = (0..20).map(|_| home.helper().start()).collect();
    breakpoint.reached().resume();
    for call in calls {
        call.finish().assert_key("key-1");
    }
    assert_eq!((home.runs("main"), home.state().log().len()), (1, 1));
    assert_eq!(home.state().files(".tmp"), [""; 0]);
}

#[test]
fn single_flight_waiter_takes_over_when_the_lock_holder_is_killed() {
    let breakpoint = Breakpoint::new();
    let home = Home::with_source(&format!("1: {}\n{KEYS}", breakpoint.wait_step()));
    let mut holder = home.helper().start();
    let _held = breakpoint.reached();
    let waiting = home.helper().start();
    holder.kill();
    until("the other one asks", || (home.runs("main") == 2).then_some(()));
    waiting.finish().assert_key("key-2");
}

/// A reader has the entry open for a moment, and Windows does not replace an open file.
#[test]
fn get_refresh_during_concurrent_reads_saves_every_key() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    for run in 2..7 {
        let readers: Vec<Running> = (0..6).map(|_| home.helper().start()).collect();
        home.call(["get", "--refresh"]).run().assert_key(&format!("key-{run}"));
        for reader in readers {
            let _ = reader.finish().key();
        }
        home.helper().run().assert_key(&format!("key-{run}"));
        assert_eq!(home.runs("main"), run);
    }
}
