//! The setup that `doctor` examines.

use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, KEYS};
use integration_tests::mounts::Mounts;
use serde_json::{Value, json};

/// A working home: a source that answers, and a Claude Code that runs the helper.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) home: Home,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self::with_script(KEYS)
    }

    /// Returns a home whose source's script is `body`.
    pub(crate) fn with_script(body: &str) -> Self {
        Self::with_settings("retries = 0", "lifetime = \"1h\"", body)
    }

    /// Returns a home with these lines in the tables of the profile and of the source.
    pub(crate) fn with_settings(profile: &str, source: &str, body: &str) -> Self {
        Self::of(Home::with_settings(profile, source, body))
    }

    /// Returns a setup with another home.
    pub(crate) fn of(home: Home) -> Self {
        let setup = Self { home };
        setup.tell(&setup.line(), &json!({}));
        setup
    }

    /// Returns the line that runs the helper under test.
    pub(crate) fn line(&self) -> String {
        format!("exec '{}'", Binaries::built().front.display())
    }

    /// Writes the user's settings of Claude Code.
    pub(crate) fn tell(&self, line: &str, env: &Value) {
        let settings = json!({ "apiKeyHelper": line, "env": env });
        self.home.write(".claude/settings.json", settings.to_string());
    }

    /// Returns a call of `doctor`.
    pub(crate) fn call(&self) -> Call {
        self.home.call(["doctor", "--json"])
    }

    pub(crate) fn examine(&self) -> Report {
        Report::of(&self.call())
    }

    /// Returns mounts in which `file`, below `/etc`, has this text.
    pub(crate) fn in_etc(&self, file: &str, text: &str) -> Mounts {
        let text = self.home.write("of-the-system", text);
        let etc = self.home.path().join("etc");
        let etc = etc.display();
        Mounts::new()
            .command(&format!("cp -a /etc '{etc}' 2>'{etc}.log' || test -d '{etc}'"))
            .command(&format!("mount --bind '{etc}' /etc"))
            .copy(&text, Path::new(file))
    }
}

/// The findings.
#[derive(Debug)]
pub(crate) struct Report {
    answer: Answer,
    findings: Vec<Value>,
}

impl Report {
    #[track_caller]
    pub(crate) fn of(call: &Call) -> Self {
        let answer = call.run();
        assert_eq!(answer.stderr, "", "{answer:?}");
        let document: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        let findings = document["findings"].as_array().expect("findings").clone();
        let count = |level: &str| findings.iter().filter(|found| found["level"] == level).count();
        let summary = json!({
            "ok": count("ok"), "warnings": count("warning"), "errors": count("error"),
        });
        assert_eq!(document["summary"], summary);
        let code = i32::from(count("error") > 0);
        assert_eq!(answer.code, Some(code), "{answer:?}");
        Self { answer, findings }
    }

    /// Asserts that there is no finding.
    #[track_caller]
    pub(crate) fn assert_well(&self) {
        self.assert_only(&[]);
    }

    /// Asserts that these checks, and no others, found something.
    #[track_caller]
    pub(crate) fn assert_only(&self, names: &[&str]) {
        let bad = self.findings.iter().filter(|found| found["level"] != "ok");
        let bad: Vec<&str> = bad.map(|found| found["name"].as_str().unwrap()).collect();
        assert_eq!(bad, names, "{}", self.answer.stdout);
    }

    /// Asserts the level of a check, and that its text or hint contains each of these words.
    #[track_caller]
    pub(crate) fn assert(&self, name: &str, level: &str, words: &[&str]) {
        let found = self.findings.iter().filter(|found| found["name"] == name);
        let found: Vec<&Value> = found.filter(|found| found["level"] == level).collect();
        let [found] = found[..] else { panic!("{name}: {level}: {}", self.answer.stdout) };
        assert_eq!(level == "ok", found.get("hint").is_none(), "{found}");
        for word in words {
            assert!(found.to_string().contains(word), "{word:?} is not in {found}");
        }
    }

    /// Asserts that a check was not made.
    #[track_caller]
    pub(crate) fn assert_absent(&self, name: &str) {
        assert!(self.findings.iter().all(|found| found["name"] != name), "{}", self.answer.stdout);
    }
}
