//! A key that the API refuses.

use std::fs;
use std::time::Duration;

use integration_tests::binaries::Binaries;
use integration_tests::home::KEYS;
use integration_tests::player::Player;
use integration_tests::process::Process;
use integration_tests::wait::until;

use crate::user::{Desk, STORED, assert_told};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn early_retry_after_a_key_rotation_fetches_the_new_key() {
    let desk = Desk::new("", STORED);
    let client = desk.client_with_key();
    desk.pass(100 * SECOND, &[&client]);
    desk.rotate("new-key");
    client.ask().assert_key("new-key");
    assert_eq!(desk.runs(), 2);
    // It is good: the client comes back when its hold is over.
    desk.pass(301 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(desk.runs(), 2);
}

#[test]
fn second_early_retry_exits_6_without_a_fetch() {
    let desk = Desk::new("", STORED);
    let client = desk.client_with_key();
    desk.refuse(&client).assert_key("old-key");
    for _ in 0..3 {
        assert_told(&desk.refuse(&client));
    }
    assert_eq!(desk.runs(), 2);
}

/// The command that it names is the one for this profile and this configuration.
#[test]
fn rejected_key_error_names_the_refresh_command() {
    let desk = Desk::new("", STORED);
    let client = desk.client();
    let config = desk.home.config_file();
    let options = ["--config", config.to_str().unwrap(), "--profile", "main"];
    let call = client.call().clone().args(options);
    for _ in 0..2 {
        client.ask_by(&call).assert_key("old-key");
        client.age(&desk.records(), 2 * SECOND);
    }
    let command = format!("run `api-key-helper {} get --refresh`", options.join(" "));
    client.ask_by(&call).assert_error(6, &[&command]);
}

#[test]
fn second_early_retry_exits_6_for_a_source_with_a_new_key_each_time() {
    let desk = Desk::new("", KEYS);
    let client = desk.client();
    client.ask().assert_key("key-1");
    desk.refuse(&client).assert_key("key-2");
    for _ in 0..3 {
        assert_told(&desk.refuse(&client));
    }
    assert_eq!(desk.runs(), 2);
}

/// With no time in which a key is fresh, every ask is a miss; even so nobody is asked a third time.
#[test]
fn second_early_retry_exits_6_with_ttl_zero() {
    for (body, second) in
        [(STORED, "old-key"), ("[ $run = 1 ] && cat \"$HOME/key\" || echo new", "new")]
    {
        let desk = Desk::new("ttl = \"0s\"", body);
        let client = desk.client_with_key();
        desk.refuse(&client).assert_key(second);
        assert_told(&desk.refuse(&client));
        assert_eq!(desk.runs(), 2);
    }
}

#[test]
fn rejected_key_is_fetched_again_after_a_minute() {
    let desk = Desk::new("", STORED);
    let client = desk.client_with_key();
    desk.refuse(&client).assert_key("old-key");
    assert_told(&desk.refuse(&client));
    desk.rotate("new-key");
    desk.pass(50 * SECOND, &[&client]);
    assert_told(&client.ask());
    desk.pass(10 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(desk.runs(), 3);
}

#[test]
fn get_refresh_with_a_new_key_ends_the_rejection() {
    let desk = Desk::new("", STORED);
    let client = desk.client_with_key();
    desk.refuse(&client).assert_key("old-key");
    assert_told(&desk.refuse(&client));
    // The same key again changes nothing.
    let refresh = desk.helper().args(["get", "--refresh"]);
    refresh.run().assert_key("old-key");
    assert_told(&desk.refuse(&client));

    desk.rotate("new-key");
    refresh.run().assert_key("new-key");
    desk.refuse(&client).assert_key("new-key");
    assert_eq!(desk.runs(), 4);
}

#[test]
fn status_shows_a_rejected_key_while_it_lasts() {
    let desk = Desk::new("", STORED);
    let client = desk.client_with_key();
    desk.refuse(&client).assert_key("old-key");
    let shown = || desk.helper().arg("status").run().assert_printed().to_owned();
    assert!(!shown().contains("refused"), "{}", shown());
    assert_told(&desk.refuse(&client));
    assert!(shown().contains("refused  by the API; another chance in "));
    let json = desk.helper().args(["status", "--json"]).run().assert_printed().to_owned();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["sources"][0]["refused_until"].is_string(), "{json}");
    desk.pass(60 * SECOND, &[&client]);
    assert!(!shown().contains("refused"), "{}", shown());
}

#[test]
fn rejected_key_error_goes_to_the_rejected_client_only() {
    let desk = Desk::new("", STORED);
    let (refused, other) = (desk.client_with_key(), desk.client_with_key());
    desk.pass(20 * SECOND, &[&refused, &other]);
    refused.ask().assert_key("old-key");
    assert_told(&desk.refuse(&refused));
    assert_eq!(desk.runs(), 2);
    // The other one comes when its hold is over, and hits the cache.
    desk.pass(300 * SECOND, &[&other]);
    other.ask().assert_key("old-key");
    assert_eq!(desk.runs(), 2);

    // A new key is for both, and whoever asks early for the old one is not early for the new one.
    desk.rotate("new-key");
    desk.pass(60 * SECOND, &[&refused, &other]);
    other.ask().assert_key("new-key");
    refused.ask().assert_key("new-key");
    assert_eq!(desk.runs(), 3);
}

#[test]
fn ten_clients_with_a_rejected_key_cost_one_fetch() {
    for key in ["new-key", "old-key"] {
        let desk = Desk::new("", STORED);
        let clients: Vec<Player> = (0..10).map(|_| desk.client_with_key()).collect();
        desk.rotate(key);
        desk.pass(30 * SECOND, &clients.iter().collect::<Vec<_>>());
        let asking: Vec<_> = clients.iter().map(|client| client.begin(client.call())).collect();
        for (client, asking) in clients.iter().zip(asking) {
            client.finish(&asking).assert_key(key);
        }
        assert_eq!(desk.runs(), 2, "{key}");
    }
}

#[test]
fn rejected_keys_fetch_at_most_once_in_ten_seconds() {
    let desk = Desk::new("", STORED);
    let [first, second, third] = [(); 3].map(|()| desk.client_with_key());
    desk.refuse(&first).assert_key("old-key");
    assert_eq!(desk.runs(), 2);
    desk.pass(5 * SECOND, &[&first, &second, &third]);
    second.ask().assert_key("old-key");
    assert_eq!(desk.runs(), 2);
    assert_told(&desk.refuse(&second));
    desk.pass(5 * SECOND, &[&third]);
    third.ask().assert_key("old-key");
    assert_eq!(desk.runs(), 3);
}

#[test]
fn rejected_key_is_not_printed_while_the_source_is_down() {
    let desk = Desk::new("", &format!("[ -e \"$HOME/down\" ] && exit 75\n{STORED}"));
    let client = desk.client_with_key();
    let _ = desk.home.write("down", "");
    for _ in ["asked", "in its pause"] {
        desk.refuse(&client).assert_error(1, &["main` failed with exit code 75"]);
        assert_eq!(desk.runs(), 2);
    }
    // Nobody else misses anything.
    desk.client().ask().assert_key("old-key");

    fs::remove_file(desk.home.path().join("down")).unwrap();
    desk.rotate("new-key");
    desk.home.state().end_pause("main");
    desk.refuse(&client).assert_key("new-key");
    assert_eq!(desk.runs(), 3);
}

/// After an idle hour the client sends its old key, and asks behind it. That request is refused 0.1 s
/// later, and 1 s after that it asks again, while the first ask is still being answered.
#[test]
fn overlapping_retries_after_an_idle_hour_are_no_second_rejection() {
    let desk = Desk::new("", "");
    desk.home.make_dumpable();
    let gate = desk.home.gate();
    let _ = desk.home.script("main", &format!("[ $run = 2 ] && {}\n{STORED}", gate.pass()));
    let client = desk.client_with_key();
    desk.rotate("new-key");
    desk.pass(2 * HOUR, &[&client]);

    let behind = client.begin(client.call());
    let held = gate.reached();
    let after_refusal = client.begin(client.call());
    let worker = Binaries::built().worker.canonicalize().unwrap();
    until("both ask", || {
        let workers = Process::all_of(&worker, "HOME", desk.home.path());
        let waiting = workers.iter().filter(|process| process.waits_with_threads(2)).count();
        (waiting == 2).then_some(())
    });
    held.let_go();
    for asking in [behind, after_refusal] {
        client.finish(&asking).assert_key("new-key");
    }
    assert_eq!(desk.runs(), 2);
    // Each began before the other had been answered.
    let records = client.records(&desk.records());
    let [.., one, other] = &records[..] else { panic!("{records:?}") };
    assert!(one.asked_at < other.answered_at && other.asked_at < one.answered_at, "{records:?}");

    // The session goes on.
    desk.pass(301 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(desk.runs(), 2);
}

/// The same, when the ask behind the request is answered before the refusal is known: it looks as if the
/// new key were refused. One fetch too many, and the session goes on.
#[test]
fn fast_answer_after_an_idle_hour_is_fetched_twice_without_exit_6() {
    let desk = Desk::new("", STORED);
    let client = desk.client_with_key();
    desk.rotate("new-key");
    desk.pass(2 * HOUR, &[&client]);
    client.ask().assert_key("new-key");
    desk.refuse(&client).assert_key("new-key");
    assert_eq!(desk.runs(), 3);
    desk.pass(301 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(desk.runs(), 3);
}

#[test]
fn rejected_key_falls_back_to_the_second_source() {
    let desk = Desk::new("", "");
    let main = desk.home.script("main", &format!("[ $run = 1 ] || exit 75\n{STORED}"));
    let spare = desk.home.script("spare", "echo spare-key");
    desk.home.configure(&format!(
        "[profile.main]\nsources = [\"main\", \"spare\"]\nretries = 0\n\
         [source.main]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
         [source.spare]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        main.display(),
        spare.display()
    ));
    let client = desk.client_with_key();
    desk.refuse(&client).assert_key("spare-key");
    assert_eq!((desk.runs(), desk.home.runs("spare")), (2, 1));
    // If that is refused too, what is on disk of the first source is the next to be tried, and the last.
    desk.refuse(&client).assert_key("old-key");
    assert_told(&desk.refuse(&client));
    assert_eq!((desk.runs(), desk.home.runs("spare")), (2, 1));
}
