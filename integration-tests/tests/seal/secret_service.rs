//! The Secret Service in its states.

use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};
use integration_tests::servers::SecretService;
use integration_tests::strace::{named, trace};
use integration_tests::wait::{now, since};

use crate::seen::home_in_use;

const TWO_SECONDS: Duration = Duration::from_secs(2);

#[track_caller]
fn assert_unprompted(service: &SecretService) {
    for method in ["Prompt", "Unlock", "CreateCollection"] {
        assert_eq!(service.calls(method), 0, "{method}");
    }
}

/// Returns a refresh.
fn refresh(call: &Call) -> Call {
    call.clone().args(["get", "--refresh"])
}

#[test]
fn unlocked_secret_service_keeps_the_sealing_key() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    call.run().assert_key("key-1");
    let (place, reason) = home_in_use(&call);
    assert_eq!((&*place, &*reason), ("secret-service", "the secret service answers"));
    assert!(!home.state().key_file().path().exists());
    // After a restart, the service still has the key.
    home.restart_machine();
    call.run().assert_key("key-1");
    assert_eq!((home.runs("main"), service.calls("CreateItem")), (1, 1));
    assert_unprompted(&service);
}

#[test]
fn locked_secret_service_is_not_waited_for_and_loses_nothing() {
    let mut service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    call.run().assert_key("key-1");
    let sealed = home.state().labels();
    home.restart_machine();
    service.lock();

    call.run().assert_key("key-2");
    let (place, reason) = home_in_use(&call);
    assert_eq!((&*place, &*reason), ("file", "the secret service is locked"));
    assert_eq!(home.state().labels().len(), 2);
    assert_eq!(home.state().files(".unreadable"), [""; 0]);
    assert!(home.state().labels().contains(&sealed[0]));
    assert_unprompted(&service);

    // Unlocked, it is the store again, and entries that were encrypted with the file's key are not
    // lost.
    service.unlock();
    refresh(&call).run().assert_key("key-3");
    assert_eq!(home.state().labels(), sealed);
    assert_eq!(home_in_use(&call).0, "secret-service");
}

#[test]
fn locked_secret_service_is_not_asked_to_unlock() {
    let mut service = SecretService::unlocked();
    service.lock();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    call.run().assert_key("key-1");
    call.run().assert_key("key-1");
    assert_eq!(home_in_use(&call).1, "the secret service is locked");
    assert_unprompted(&service);
}

#[test]
fn absent_secret_service_falls_back_to_the_key_file() {
    let service = SecretService::absent();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    call.run().assert_key("key-1");
    call.run().assert_key("key-1");
    let (place, reason) = home_in_use(&call);
    assert_eq!(place, "file");
    assert!(reason.starts_with("the secret service is not there: "), "{reason}");
    let (_, reason) = home_in_use(&home.helper());
    assert_eq!(reason, "the secret service is not there: there is no session bus");
}

#[test]
fn hanging_secret_service_times_out_after_two_seconds() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    service.hang();
    let started = now();
    call.run().assert_key("key-1");
    let took = since(started);
    // The rest is a margin for a machine under load.
    assert!(took >= TWO_SECONDS && took < 3 * TWO_SECONDS, "{took:?}");
    assert_eq!(home_in_use(&call).1, "the secret service did not answer within 2 s");

    // Until a restart of the machine, no process connects to the bus.
    let asks = |call: Call| {
        let (answer, calls) = trace(call, home.path());
        assert_eq!(answer.code, Some(0), "{answer:?}");
        named(&calls, &["connect"]).iter().any(|call| call.rest.contains("/socket"))
    };
    assert!(!asks(refresh(&call)));
    home.restart_machine();
    assert!(asks(refresh(&call)));

    // Or until the user requests it.
    service.answer();
    assert!(!asks(refresh(&call)));
    let answer = call.clone().arg("seal").run();
    assert!(answer.assert_printed().contains("the secret service answers"), "{answer:?}");
    call.run().assert_key("key-4");
    assert_eq!((home_in_use(&call).0.as_str(), home.state().labels().len()), ("secret-service", 1));
    assert_unprompted(&service);
}

/// One process waits, and the others read its result.
#[test]
fn hanging_secret_service_timeout_is_shared_by_ten_processes() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    service.hang();
    let started = now();
    let runs: Vec<_> = (0..10).map(|_| call.start()).collect();
    for run in runs {
        run.finish().assert_key("key-1");
    }
    // One after the other, they would wait for ten times as long.
    assert!(since(started) < 5 * TWO_SECONDS, "{:?}", since(started));
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn seal_secret_service_setting_exits_3_when_locked() {
    let mut service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let text = std::fs::read_to_string(home.config_file()).unwrap();
    home.configure(&format!("seal = \"secret-service\"\n{text}"));
    let call = service.heard_by(home.helper());
    call.run().assert_key("key-1");

    home.restart_machine();
    service.lock();
    call.run().assert_error(3, &["the secret service is locked", "unlock it", "`seal = \"auto\"`"]);
    service.leave();
    call.run().assert_error(2, &["the secret service is not there", "`seal = \"auto\"`"]);
    home.helper().run().assert_error(2, &["there is no session bus"]);
    assert!(!home.state().key_file().path().exists());

    service.unlock();
    call.run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}
