//! The key is only on stdout: entries are encrypted.

use std::fs;
use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Credential, SecretInput};
use api_key_helper_cache::{Entry, EnvironmentMark, Hit, KeyId, Validity};
use api_key_helper_core::Answer as EngineAnswer;
use api_key_helper_values::{Fingerprint, Key, Moment, Secret};
use integration_tests::call::{Answer, Call};
use integration_tests::files;
use integration_tests::home::{Home, configuration};
use integration_tests::secret_forms::SecretForms;
use integration_tests::wait::until;
use tempfile::TempDir;

/// A key that occurs nowhere by chance.
const KEY: &str = "sk-canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5-yellow";

/// A user whose source prints that key from a file outside the home, which is not searched.
struct User {
    home: Home,
    _elsewhere: TempDir,
}

impl User {
    /// Returns a user; the script `body` finds the key in `$key`.
    fn new(profile: &str, source: &str, body: &str) -> Self {
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("key");
        fs::write(&file, KEY).unwrap();
        let home = Home::new();
        home.make_dumpable();
        let read = format!("key=$(cat '{}')", file.display());
        // The arguments and environments of a script and its parent are recorded, and searched.
        let given = "for process in $$ $PPID; do\n\
                     cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\ndone";
        let script = home.script("main", &format!("{given}\n{read}\n{body}"));
        home.configure(&configuration(profile, source, &script));
        Self { home, _elsewhere: elsewhere }
    }

    /// Calls the helper, and searches its output.
    #[track_caller]
    fn call(&self, call: &Call) -> Answer {
        let answer = call.run();
        assert_clean("stderr", answer.stderr.as_bytes());
        if answer.stdout != KEY {
            assert_clean("stdout", answer.stdout.as_bytes());
        }
        answer
    }

    /// Searches the output of all commands, and all files.
    #[track_caller]
    fn search(&self) {
        for arguments in [&["status"][..], &["status", "--json"], &["log"], &["log", "--json"]] {
            self.call(&self.home.call(arguments.iter().copied())).assert_printed();
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
    SecretForms::of(KEY).assert_not_in(what, text);
}

#[test]
fn script_key_is_nowhere_but_on_stdout() {
    let user = User::new("", "", "[ $run = 1 ] || sleep 0.1; echo \"$key\"");
    let home = &user.home;
    user.call(&home.helper()).assert_key(KEY);
    user.call(&home.helper()).assert_key(KEY);
    user.call(&home.call(["get", "--refresh"])).assert_key(KEY);
    user.search();

    // In a background refresh.
    home.state().age("main", Duration::from_secs(62 * 60));
    user.call(&home.helper()).assert_key(KEY);
    until("the key is refreshed", || (home.state().log().len() == 3).then_some(()));
    home.state().wait_for_peace("main");
    user.search();

    // After the entry was damaged and moved aside.
    let entry = home.state().entry_file("main");
    let whole = fs::read(&entry).unwrap();
    home.state().replace(&entry, &whole[1..]);
    user.call(&home.helper()).assert_key(KEY);
    assert_eq!(home.state().files(".unreadable").len(), 1);
    user.search();

    // While the entry is not readable.
    fs::remove_file(&entry).unwrap();
    std::os::unix::fs::symlink(home.path(), &entry).unwrap();
    assert_eq!(user.call(&home.helper()).code, Some(2));
}

#[test]
fn failing_script_shows_no_key() {
    let ends = ["exit 1", "exit 75", "exit 77", "exit 78", "exit 126", "exit 127", "kill -9 $$"];
    for end in ends {
        let say = "echo \"$key\"; echo \"the key is '$key'\" >&2";
        let traced = "echo \"$key\"; set -x; : \"$key\"";
        let at_the_end = "echo \"$key\"; printf '%0200d %s' 0 \"$key\" >&2";
        for body in [say, traced, at_the_end] {
            let user = User::new("retries = 1", "", &format!("{body}\n{end}"));
            assert_ne!(user.call(&user.home.helper()).code, Some(0));
            assert_ne!(user.call(&user.home.helper()).code, Some(0));
            user.search();
        }
    }
}

#[test]
fn script_error_with_the_encoded_key_shows_no_key() {
    let hex = "printf %s \"$key\" | od -An -v -tx1 | tr -d '\\n'";
    for encode in [
        "printf %s \"c:$key\" | base64 -w 0".to_owned(),
        "printf %s \"$key\" | base64 | tr -d '=\\n' | tr '+/' '-_'".to_owned(),
        format!("{hex} | tr -d ' '"),
        hex.to_owned(),
        format!("{hex} | tr ' ' '%'"),
        format!("{hex} | sed 's/ /%25/g'"),
        format!("{hex} | sed 's/ /\\\\u00/g'"),
        "printf %.20s \"$key\"".to_owned(),
    ] {
        let user = User::new("retries = 0", "", &format!("echo \"$key\"; {encode} >&2; exit 1"));
        user.call(&user.home.helper()).assert_error(1, &["[redacted]"]);
        user.search();
    }
}

#[test]
fn script_fallback_to_a_stale_key_shows_no_key() {
    for exit_code in [75, 77, 78] {
        let fail = format!("echo \"$key\" >&2; echo \"$key\"; exit {exit_code}");
        let body = format!("[ $run = 1 ] || {{ {fail}; }}\necho \"$key\"");
        let user = User::new("retries = 0", "", &body);
        user.call(&user.home.helper()).assert_key(KEY);
        user.home.state().age("main", Duration::from_secs(7_200));
        user.call(&user.home.helper());
        user.call(&user.home.helper());
        user.call(&user.home.call(["get", "--refresh"]));
        user.search();
    }
}

#[test]
fn script_error_with_the_cached_key_is_redacted() {
    for exit_code in [75, 77, 78] {
        let complain = format!("echo \"key $key was revoked\" >&2; exit {exit_code}");
        let body = format!("[ $run = 1 ] || {{ {complain}; }}\necho \"$key\"");
        let user = User::new("retries = 0", "", &body);
        user.call(&user.home.helper()).assert_key(KEY);
        user.home.state().age("main", Duration::from_secs(7_200));
        user.call(&user.home.helper());
        user.search();
    }
}

#[test]
fn script_output_that_is_no_key_is_not_shown() {
    for body in [
        "printf '%s\\n%s\\n' \"$key\" \"$key\"",
        "echo \"$key $key\"",
        "echo \"\\\"$key\\\"\"",
        "printf '\\033[32m%s\\033[0m' \"$key\"",
        "printf '%s\\377' \"$key\"",
        "printf '%s%016384d' \"$key\" 0",
        "yes \"$key\" | head -c 2000000",
        "echo \"{\\\"token\\\": \\\"$key\\\"}\"",
        "echo \"{\\\"key\\\": [\\\"$key\\\"]}\"",
        "echo \"{\\\"key\\\": \\\"$key\\\", \\\"expires_at\\\": \\\"$key\\\"}\"",
        "echo \"{\\\"key\\\": \\\"$key\\\", \\\"expires_at\\\": 1}\"",
        "echo \"{\\\"access_token\\\": \\\"$key\\\", \\\"expires_in\\\": \\\"$key\\\"}\"",
        "echo \"{\\\"success\\\": \\\"$key\\\", \\\"id_token\\\": 1}\"",
        "echo \"{\\\"status\\\": \\\"$key\\\"}\"",
        "echo \"{$key\"",
    ] {
        let user = User::new("retries = 0", "", body);
        assert_ne!(user.call(&user.home.helper()).code, Some(0), "{body}");
        user.search();
    }
}

#[test]
fn script_killed_at_its_timeout_shows_no_key() {
    let body = "echo \"$key\"; echo \"$key\" >&2; exec sleep 600";
    let user = User::new("timeout = \"300ms\"\nretries = 0", "", body);
    assert_eq!(user.call(&user.home.helper()).code, Some(1));
    user.search();
}

#[test]
fn debug_output_is_redacted() {
    let key = Key::parse(KEY).unwrap();
    let validity = Validity {
        fetched_at: Moment::from_unix_millis(0),
        expires_at: None,
        refresh_at: None,
        jitter: 0.0,
    };
    let mut credential = Credential::new(key.clone());
    credential.renewal = Some(Secret::from(KEY));
    credential.expires_at = Some(SystemTime::UNIX_EPOCH);
    let entry = Entry {
        key: Some(key.clone()),
        key_since: Moment::from_unix_millis(0),
        refetched_at: None,
        validity,
        renewal: Some(Secret::from(KEY)),
        environment: EnvironmentMark::new([0; 16], &["A".to_owned()], &|_| Some(KEY.into())),
    };
    let key_id =
        KeyId { source: Fingerprint::of([KEY.as_bytes()]), since: Moment::from_unix_millis(0) };
    let hit = Hit { key: key.clone(), key_id, validity, source: 0, refresh: None };
    let source = "main".to_owned();
    let answer =
        EngineAnswer { key: key.clone(), key_id, source, validity, is_new: true, refresh: false };
    let shown = [
        format!("{key:?} {key:#?}"),
        format!("{credential:?} {credential:#?}"),
        format!("{entry:?} {entry:#?}"),
        format!("{hit:?} {hit:#?}"),
        format!("{answer:?} {answer:#?}"),
        format!("{:?}", key.into_secret()),
        format!("{:?}", SecretInput::Env("NAME".to_owned())),
        format!("{:?}", Key::parse(&format!("{KEY} {KEY}"))),
        format!("{}", Key::parse(&format!("{KEY}\n{KEY}")).unwrap_err()),
    ];
    for text in shown {
        assert_clean("Debug output", text.as_bytes());
    }
}
