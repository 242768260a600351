//! Keys that the API refuses.

use std::fs;
use std::time::Duration;

use integration_tests::binaries::Binaries;
use integration_tests::fake_client::FakeClient;
use integration_tests::home::KEYS;
use integration_tests::process::Process;
use integration_tests::wait::until;

use crate::user::{STORED, User, assert_rejected};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn early_retry_after_a_key_rotation_fetches_the_new_key() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    user.pass_time(100 * SECOND, &[&client]);
    user.rotate("new-key");
    client.ask().assert_key("new-key");
    assert_eq!(user.runs(), 2);
    // The key is valid: the client comes back when its hold is over.
    user.pass_time(301 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(user.runs(), 2);
}

#[test]
fn second_early_retry_exits_6_without_a_fetch() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    user.refuse(&client).assert_key("old-key");
    for _ in 0..3 {
        assert_rejected(&user.refuse(&client));
    }
    assert_eq!(user.runs(), 2);
}

/// The hint has the command for this profile and this configuration.
#[test]
fn rejected_key_error_names_the_refresh_command() {
    let user = User::new("", STORED);
    let client = user.client();
    let config = user.home.config_file();
    let options = ["--config", config.to_str().unwrap(), "--profile", "main"];
    let call = client.call().clone().args(options);
    for _ in 0..2 {
        client.ask_by(&call).assert_key("old-key");
        client.age(&user.records(), 2 * SECOND);
    }
    let command = format!("run `api-key-helper {} get --refresh`", options.join(" "));
    client.ask_by(&call).assert_error(6, &[&command]);
}

#[test]
fn second_early_retry_exits_6_for_a_source_with_a_new_key_each_time() {
    let user = User::new("", KEYS);
    let client = user.client();
    client.ask().assert_key("key-1");
    user.refuse(&client).assert_key("key-2");
    for _ in 0..3 {
        assert_rejected(&user.refuse(&client));
    }
    assert_eq!(user.runs(), 2);
}

/// With `ttl = "0s"` every request is a miss; even then, there is no third fetch.
#[test]
fn second_early_retry_exits_6_with_ttl_zero() {
    for (body, second) in
        [(STORED, "old-key"), ("[ $run = 1 ] && cat \"$HOME/key\" || echo new", "new")]
    {
        let user = User::new("ttl = \"0s\"", body);
        let client = user.client_with_key();
        user.refuse(&client).assert_key(second);
        assert_rejected(&user.refuse(&client));
        assert_eq!(user.runs(), 2);
    }
}

#[test]
fn rejected_key_is_fetched_again_after_a_minute() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    user.refuse(&client).assert_key("old-key");
    assert_rejected(&user.refuse(&client));
    user.rotate("new-key");
    user.pass_time(50 * SECOND, &[&client]);
    assert_rejected(&client.ask());
    user.pass_time(10 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(user.runs(), 3);
}

#[test]
fn get_refresh_with_a_new_key_ends_the_rejection() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    user.refuse(&client).assert_key("old-key");
    assert_rejected(&user.refuse(&client));
    // The same key changes nothing.
    let refresh = user.helper().args(["get", "--refresh"]);
    refresh.run().assert_key("old-key");
    assert_rejected(&user.refuse(&client));

    user.rotate("new-key");
    refresh.run().assert_key("new-key");
    user.refuse(&client).assert_key("new-key");
    assert_eq!(user.runs(), 4);
}

#[test]
fn status_shows_a_rejected_key_while_it_lasts() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    user.refuse(&client).assert_key("old-key");
    let shown = || user.helper().arg("status").run().assert_printed().to_owned();
    assert!(!shown().contains("refused"), "{}", shown());
    assert_rejected(&user.refuse(&client));
    assert!(shown().contains("refused  by the API; another chance in "));
    let json = user.helper().args(["status", "--json"]).run().assert_printed().to_owned();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["sources"][0]["refused_until"].is_string(), "{json}");
    user.pass_time(60 * SECOND, &[&client]);
    assert!(!shown().contains("refused"), "{}", shown());
}

#[test]
fn rejected_key_error_goes_to_the_rejected_client_only() {
    let user = User::new("", STORED);
    let (refused, other) = (user.client_with_key(), user.client_with_key());
    user.pass_time(20 * SECOND, &[&refused, &other]);
    refused.ask().assert_key("old-key");
    assert_rejected(&user.refuse(&refused));
    assert_eq!(user.runs(), 2);
    // The other one comes when its hold is over, and hits the cache.
    user.pass_time(300 * SECOND, &[&other]);
    other.ask().assert_key("old-key");
    assert_eq!(user.runs(), 2);

    // Both get the new key, and an early retry for the old key is not one for the new key.
    user.rotate("new-key");
    user.pass_time(60 * SECOND, &[&refused, &other]);
    other.ask().assert_key("new-key");
    refused.ask().assert_key("new-key");
    assert_eq!(user.runs(), 3);
}

#[test]
fn ten_clients_with_a_rejected_key_cost_one_fetch() {
    for key in ["new-key", "old-key"] {
        let user = User::new("", STORED);
        let clients: Vec<FakeClient> = (0..10).map(|_| user.client_with_key()).collect();
        user.rotate(key);
        user.pass_time(30 * SECOND, &clients.iter().collect::<Vec<_>>());
        let asking: Vec<_> = clients.iter().map(|client| client.begin(client.call())).collect();
        for (client, asking) in clients.iter().zip(asking) {
            client.finish(&asking).assert_key(key);
        }
        assert_eq!(user.runs(), 2, "{key}");
    }
}

#[test]
fn rejected_keys_fetch_at_most_once_in_ten_seconds() {
    let user = User::new("", STORED);
    let [first, second, third] = [(); 3].map(|()| user.client_with_key());
    user.refuse(&first).assert_key("old-key");
    assert_eq!(user.runs(), 2);
    user.pass_time(5 * SECOND, &[&first, &second, &third]);
    second.ask().assert_key("old-key");
    assert_eq!(user.runs(), 2);
    assert_rejected(&user.refuse(&second));
    user.pass_time(5 * SECOND, &[&third]);
    third.ask().assert_key("old-key");
    assert_eq!(user.runs(), 3);
}

#[test]
fn rejected_key_is_not_printed_while_the_source_is_down() {
    let user = User::new("", &format!("[ -e \"$HOME/down\" ] && exit 75\n{STORED}"));
    let client = user.client_with_key();
    let _ = user.home.write("down", "");
    for _ in ["asked", "in its pause"] {
        user.refuse(&client).assert_error(1, &["main` failed with exit code 75"]);
        assert_eq!(user.runs(), 2);
    }
    // Other clients miss nothing.
    user.client().ask().assert_key("old-key");

    fs::remove_file(user.home.path().join("down")).unwrap();
    user.rotate("new-key");
    user.home.state().end_pause("main");
    user.refuse(&client).assert_key("new-key");
    assert_eq!(user.runs(), 3);
}

/// After an idle hour, the client sends its old key, and asks in the background. That request is
/// refused 0.1 s later, and 1 s after that it asks again, while the first request is still in
/// progress.
#[test]
fn overlapping_retries_after_an_idle_hour_are_no_second_rejection() {
    let user = User::new("", "");
    user.home.make_dumpable();
    let breakpoint = user.home.breakpoint();
    let _ =
        user.home.script("main", &format!("[ $run = 2 ] && {}\n{STORED}", breakpoint.command()));
    let client = user.client_with_key();
    user.rotate("new-key");
    user.pass_time(2 * HOUR, &[&client]);

    let behind = client.begin(client.call());
    let held = breakpoint.reached();
    let after_refusal = client.begin(client.call());
    let worker = Binaries::built().worker.canonicalize().unwrap();
    until("both ask", || {
        let workers = Process::all_of(&worker, "HOME", user.home.path());
        let waiting = workers.iter().filter(|process| process.waits_with_threads(2)).count();
        (waiting == 2).then_some(())
    });
    held.resume();
    for asking in [behind, after_refusal] {
        client.finish(&asking).assert_key("new-key");
    }
    assert_eq!(user.runs(), 2);
    // Each started before the other was answered.
    let records = client.records(&user.records());
    let [.., one, other] = &records[..] else { panic!("{records:?}") };
    assert!(one.asked_at < other.answered_at && other.asked_at < one.answered_at, "{records:?}");

    // The session continues.
    user.pass_time(301 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(user.runs(), 2);
}

/// The background request is answered before the refusal is known, so it looks as if the new key
/// were refused. There is one fetch too many, and the session continues.
#[test]
fn fast_answer_after_an_idle_hour_is_fetched_twice_without_exit_6() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    user.rotate("new-key");
    user.pass_time(2 * HOUR, &[&client]);
    client.ask().assert_key("new-key");
    user.refuse(&client).assert_key("new-key");
    assert_eq!(user.runs(), 3);
    user.pass_time(301 * SECOND, &[&client]);
    client.ask().assert_key("new-key");
    assert_eq!(user.runs(), 3);
}

#[test]
fn rejected_key_falls_back_to_the_second_source() {
    let user = User::new("", "");
    let main = user.home.script("main", &format!("[ $run = 1 ] || exit 75\n{STORED}"));
    let spare = user.home.script("spare", "echo spare-key");
    user.home.configure(&format!(
        "[profile.main]\nsources = [\"main\", \"spare\"]\nretries = 0\n\
         [source.main]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
         [source.spare]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        main.display(),
        spare.display()
    ));
    let client = user.client_with_key();
    user.refuse(&client).assert_key("spare-key");
    assert_eq!((user.runs(), user.home.runs("spare")), (2, 1));
    // If that is refused too, the cached key of the first source is the next and last one to try.
    user.refuse(&client).assert_key("old-key");
    assert_rejected(&user.refuse(&client));
    assert_eq!((user.runs(), user.home.runs("spare")), (2, 1));
}
