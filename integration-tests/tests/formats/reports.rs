//! Clients that report which key was refused.

use integration_tests::call::Answer;
use integration_tests::home::{Home, KEYS};
use serde_json::Value;

use crate::{SERVERS, cargo, cargo_asks, git, git_asks};

/// A user of git whose source prints another key in each run.
struct User(Home);

impl User {
    fn new(settings: &str) -> Self {
        Self(Home::with_settings(&format!("{SERVERS}\n{settings}"), "", KEYS))
    }

    fn get(&self) -> Answer {
        git(&self.0, "get", &git_asks("a.example")).run()
    }

    #[track_caller]
    fn assert_given(&self, key: &str) {
        let answer = self.get();
        assert!(answer.assert_printed().contains(&format!("password={key}\n")), "{answer:?}");
    }

    #[track_caller]
    fn erase(&self, host: &str, password: &str) {
        let said =
            git_asks(host).replace("\n\n", &format!("\nusername=x\npassword={password}\n\n"));
        assert_eq!(git(&self.0, "erase", &said).run().assert_printed(), "");
    }
}

#[test]
fn git_erase_fetches_a_new_key() {
    let user = User::new("");
    user.assert_given("key-1");
    user.assert_given("key-1");
    user.erase("a.example", "key-1");
    user.assert_given("key-2");
    user.assert_given("key-2");
    assert_eq!(user.0.runs("main"), 2);
}

#[test]
fn git_erase_of_another_key_or_server_keeps_the_key() {
    let user = User::new("");
    user.assert_given("key-1");
    user.erase("a.example", "typed by hand");
    user.erase("evil.example", "key-1");
    user.erase("b.example", "key-1");
    user.assert_given("key-1");
    assert_eq!(user.0.runs("main"), 1);
}

#[test]
fn second_git_erase_reports_a_rejected_key() {
    let user = User::new("");
    user.assert_given("key-1");
    user.erase("a.example", "key-1");
    user.assert_given("key-2");
    user.erase("a.example", "key-2");
    for _ in 0..2 {
        user.get().assert_error(6, &["the API refuses the key of source `main`"]);
    }
    assert_eq!(user.0.runs("main"), 2);
    // Requests for other servers do not get the error.
    user.0.helper().run().assert_key("key-2");
    let other = git(&user.0, "get", &git_asks("b.example")).run();
    assert!(other.assert_printed().contains("password=key-2\n"));
}

#[test]
fn git_erase_with_on_rejection_ignore_keeps_the_key() {
    let user = User::new("on_rejection = \"ignore\"");
    user.assert_given("key-1");
    user.erase("a.example", "key-1");
    user.assert_given("key-1");
}

#[test]
fn cargo_logout_fetches_a_new_key() {
    let home = Home::with_settings(SERVERS, "", KEYS);
    let token = |host: &str| {
        let answer = cargo(&home, &cargo_asks("get", host)).run();
        let line = answer.assert_printed().lines().nth(1).unwrap().to_owned();
        serde_json::from_str::<Value>(&line).unwrap()["Ok"]["token"].clone()
    };
    assert_eq!(token("a.example"), "key-1");
    let answer = cargo(&home, &cargo_asks("logout", "a.example")).run();
    assert_eq!(answer.assert_printed(), "{\"v\":[1]}\n{\"Ok\":{\"kind\":\"logout\"}}\n");
    assert_eq!(token("b.example"), "key-1");
    assert_eq!(token("a.example"), "key-2");
    let answer = cargo(&home, &cargo_asks("logout", "evil.example")).run();
    assert!(answer.assert_printed().ends_with("{\"Err\":{\"kind\":\"url-not-supported\"}}\n"));
    assert_eq!(token("a.example"), "key-2");
}
