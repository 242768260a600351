//! The key of an inner source leaks nowhere: it passes only from one source to the other.

use std::fs;

use integration_tests::call::{Answer, Call};
use integration_tests::files;
use integration_tests::home::Home;
use integration_tests::secret_forms::SecretForms;
use tempfile::TempDir;

use crate::user::pair;

/// Returns a key that occurs nowhere by chance, as long as a JWT.
fn key() -> String {
    format!("eyJ-canary-1nn3r-k3y.{}.s1gn4tur3", "abcdefgh1jklmn0pqrstuvwxyz".repeat(20))
}

/// A user whose inner source prints the key from a file that is not searched.
struct User {
    home: Home,
    elsewhere: TempDir,
}

impl User {
    /// Returns a user; the script `outer` finds the inner source's key in `$key`.
    fn new(outer: &str) -> Self {
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("key");
        fs::write(&file, key()).unwrap();
        // The arguments and environments of both scripts and their parent are recorded, and
        // searched.
        let given = "for process in $$ $PPID; do\n\
                     cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\ndone";
        let inner = format!("{given}\ncat '{}'", file.display());
        let home = pair("retries = 0", &format!("{given}\nread -r key\n{outer}"), &inner);
        home.make_dumpable();
        Self { home, elsewhere }
    }

    fn inner_fails(&self) {
        fs::remove_file(self.elsewhere.path().join("key")).unwrap();
    }

    #[track_caller]
    fn run(&self, call: &Call) -> Answer {
        let answer = call.run();
        assert_clean("stdout", answer.stdout.as_bytes());
        assert_clean("stderr", answer.stderr.as_bytes());
        answer
    }

    #[track_caller]
    fn search(&self) {
        for arguments in [&["status"][..], &["status", "--json"], &["log", "--json"]] {
            self.run(&self.home.call(arguments.iter().copied())).assert_printed();
        }
        let files = files::below(self.home.path());
        assert!(files.len() >= 6, "{files:?}");
        for (file, content) in files {
            assert_clean(&file.to_string_lossy(), &content);
        }
    }
}

#[track_caller]
fn assert_clean(what: &str, text: &[u8]) {
    SecretForms::of(&key()).assert_not_in(what, text);
}

#[test]
fn inner_sources_key_is_shown_nowhere() {
    let user = User::new("echo \"of-$(printf %s \"$key\" | wc -c)\"");
    let length = key().len();
    user.run(&user.home.helper()).assert_key(&format!("of-{length}"));
    user.search();
    // An old key that bridges an outage is not shown either.
    user.home.state().age("inner", std::time::Duration::from_secs(7_200));
    user.inner_fails();
    let answer = user.run(&user.home.call(["get", "--refresh"]));
    answer.assert_warned(&format!("of-{length}"), &["using the key that `inner` gave"]);
    user.search();
}

#[test]
fn outer_source_error_with_the_inner_key_is_redacted() {
    for body in [
        "echo \"refused: $key\" >&2; exit 77",
        "echo \"refused: '${key%?????}\" >&2; exit 75",
        "printf '%0150d %s' 0 \"$key\" >&2; exit 78",
        "printf '{\"success\": false, \"message\": \"%s\"}' \"$key\"",
        "echo \"$key $key\"",
        "set -x; : \"$key\"; exit 1",
    ] {
        let user = User::new(body);
        assert_ne!(user.run(&user.home.helper()).code, Some(0), "{body}");
        assert_ne!(user.run(&user.home.helper()).code, Some(0), "{body}");
        user.search();
    }
}
