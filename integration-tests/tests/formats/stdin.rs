//! The stdin of clients and of other programs.

use integration_tests::home::{Home, KEYS};

use crate::{SERVERS, cargo, cargo_asks, git, git_asks};

fn home() -> Home {
    Home::with_settings(SERVERS, "", KEYS)
}

#[test]
fn git_request_on_stdin_needs_no_end_of_input() {
    let home = home();
    let mut running = home.call(["--format", "git", "get"]).start();
    running.feed(git_asks("a.example").as_bytes());
    assert!(running.finish().assert_printed().contains("password=key-1\n"));
}

#[test]
fn unfinished_git_request_on_stdin_fails_at_the_deadline() {
    let home = home();
    for said in ["", "protocol=https\nhost=a.example\n"] {
        let mut running = home.call(["--format", "git", "get", "--deadline", "1s"]).start();
        running.feed(said.as_bytes());
        running.finish().assert_error(1, &["the question on stdin did not end within 1.0 s"]);
    }
}

#[test]
fn unfinished_git_erase_on_stdin_fails_at_the_profiles_deadline() {
    let home = Home::with_settings(&format!("{SERVERS}\ndeadline = \"1s\""), "", KEYS);
    let mut running = home.call(["--format", "git", "erase"]).start();
    running.feed(git_asks("a.example").trim_end().as_bytes());
    running.finish().assert_error(1, &["the question on stdin did not end within 1.0 s"]);
}

/// The form that git, Cargo and PowerShell write on Windows.
#[test]
fn git_and_cargo_requests_with_crlf_or_byte_order_mark_are_read() {
    let home = home();
    let asks = git_asks("a.example").replace('\n', "\r\n");
    for asks in [asks.clone(), format!("\u{feff}{asks}"), asks.trim_end().to_owned() + "\r\n"] {
        let answer = git(&home, "get", &asks).run();
        assert!(answer.assert_printed().contains("password=key-1\n"), "{answer:?}");
    }
    let asks = cargo_asks("get", "a.example").replace('\n', "\r\n");
    for asks in [asks.clone(), format!("\u{feff}{asks}")] {
        let answer = cargo(&home, &asks).run();
        assert!(answer.assert_printed().contains("\"token\":\"key-1\""), "{answer:?}");
    }
    let inside = git_asks("a.example").replace("a.example", "a.example\rhost=b.example");
    git(&home, "get", &inside).run().assert_error(2, &["on stdin is not `key=value`"]);
    git(&home, "erase", &asks_to_erase()).run().assert_printed();
}

fn asks_to_erase() -> String {
    git_asks("a.example").replace("\n\n", "\npassword=key-1\n\n").replace('\n', "\r\n")
}

#[test]
fn cargo_request_is_answered_before_the_next_is_read() {
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
fn invalid_git_or_cargo_request_on_stdin_is_refused_and_not_shown() {
    let home = home();
    let secret = "hunter2-and-more-of-it";
    for said in [secret.to_owned(), format!("host=a\n{secret}\n"), "=".repeat(100_000)] {
        let answer = git(&home, "get", &said).run();
        // A line without a name is valid.
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
fn git_store_keeps_nothing_and_other_formats_know_no_erase() {
    let home = home();
    let said = git_asks("a.example").replace("\n\n", "\nusername=me\npassword=typed\n\n");
    assert_eq!(git(&home, "store", &said).run().assert_printed(), "");
    assert_eq!(home.state().files(".entry"), [""; 0]);
    let answer = home.call(["erase"]).input(said.as_bytes()).run();
    answer.assert_error(2, &["`erase`", "--format git"]);
}
