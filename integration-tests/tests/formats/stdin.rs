//! What clients write, and what others do.

use integration_tests::home::{Home, KEYS};

use crate::{SERVERS, cargo, cargo_asks, git, git_asks};

fn home() -> Home {
    Home::with_settings(SERVERS, "", KEYS)
}

#[test]
fn git_need_not_end_what_it_says() {
    let home = home();
    let mut running = home.call(["--format", "git", "get"]).start();
    running.feed(git_asks("a.example").as_bytes());
    assert!(running.finish().assert_printed().contains("password=key-1\n"));
}

#[test]
fn cargo_is_answered_before_it_asks_the_next_thing() {
    let home = home();
    let both = cargo_asks("get", "a.example") + &cargo_asks("login", "a.example");
    let answer = cargo(&home, &both).run();
    let lines: Vec<&str> = answer.assert_printed().lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "{\"v\":[1]}"));
    assert!(lines[1].contains("\"token\":\"key-1\""), "{answer:?}");
    assert_eq!(lines[2], "{\"Err\":{\"kind\":\"operation-not-supported\"}}");
    assert_eq!(cargo(&home, "").run().assert_printed(), "{\"v\":[1]}\n");
}

#[test]
fn what_is_not_the_clients_is_refused_and_not_shown() {
    let home = home();
    let secret = "hunter2-and-more-of-it";
    for said in [secret.to_owned(), format!("host=a\n{secret}\n"), "=".repeat(100_000)] {
        let answer = git(&home, "get", &said).run();
        // A key without a name is a line like any other.
        if said.starts_with('=') {
            answer.assert_error(2, &["65536 bytes on stdin"]);
        } else {
            answer.assert_error(2, &["on stdin"]);
        }
        assert!(!answer.stderr.contains(secret), "{answer:?}");
        let answer = cargo(&home, &said).run();
        assert!(!answer.stdout.contains(secret) && !answer.stderr.contains(secret), "{answer:?}");
    }
    let many = "a=b\n".repeat(20_000);
    git(&home, "get", &many).run().assert_error(2, &["65536 bytes on stdin"]);
    assert_eq!(home.runs("main"), 0);
}

#[test]
fn store_keeps_nothing_and_other_words_are_not_gits() {
    let home = home();
    let said = git_asks("a.example").replace("\n\n", "\nusername=me\npassword=typed\n\n");
    assert_eq!(git(&home, "store", &said).run().assert_printed(), "");
    assert_eq!(home.state().files(".entry"), [""; 0]);
    let answer = home.call(["erase"]).input(said.as_bytes()).run();
    answer.assert_error(2, &["`erase`", "--format git"]);
}
