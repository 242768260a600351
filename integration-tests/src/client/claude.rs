//! Claude Code, installed and configured for a user.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{MessagesApi, Session, Terminal};
use crate::call::Call;
use crate::home::Home;
use crate::install;

/// The time for which it uses a key, in milliseconds.
pub const TTL_VARIABLE: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";

/// Claude Code, configured for a user, an API and our helper.
#[derive(Clone, Debug)]
pub struct Claude {
    call: Call,
}

impl Claude {
    /// Returns the path of the program, which is installed before its first use.
    #[must_use]
    pub fn program() -> PathBuf {
        let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
        let package = format!("@anthropic-ai/claude-code-linux-{machine}");
        install::npm(&[&format!("{package}@2.1.330")]).join(package).join("claude")
    }

    /// Returns the client of the user at `home`, who has answered its first questions, and has run
    /// `apply`. So the profile's `ttl` decides how long it uses a key.
    ///
    /// # Panics
    /// Its files cannot be written.
    #[must_use]
    pub fn of(home: &Home, api: &MessagesApi) -> Self {
        let project = home.path().join("project");
        let temporary = home.path().join("tmp");
        for folder in [&project, &temporary] {
            fs::create_dir_all(folder).expect("a folder of the client's");
        }
        let asked = json!({
            "hasCompletedOnboarding": true,
            "theme": "dark",
            "projects": { project.to_string_lossy(): { "hasTrustDialogAccepted": true } },
        });
        home.write(".claude.json", asked.to_string());
        assert_eq!(home.call(["apply"]).run().code, Some(0));
        let helper = home.helper();
        let path = helper.variable("PATH").expect("a search path");
        let call = Call::new(&Self::program(), &project)
            .env("HOME", home.path())
            .env("PATH", path)
            // The folder of its sockets.
            .env("TMPDIR", temporary)
            .env("TERM", "xterm-256color")
            .env("ANTHROPIC_BASE_URL", api.address())
            .env("DISABLE_TELEMETRY", "1")
            .env("DISABLE_ERROR_REPORTING", "1")
            .env("DISABLE_AUTOUPDATER", "1")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
        Self { call: home.seen(call) }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.call = self.call.arg(argument);
        self
    }

    /// Adds settings that override the user's file.
    #[must_use]
    pub fn settings(self, settings: &Value) -> Self {
        self.arg("--settings").arg(&settings.to_string())
    }

    /// Returns a call that asks one question.
    #[must_use]
    pub fn ask(&self, question: &str) -> Call {
        self.call.clone().args(["-p", question]).input(b"")
    }

    /// Starts a session with several questions.
    #[must_use]
    pub fn session(&self) -> Session {
        Session::start(&self.call)
    }

    /// Starts a session in a terminal.
    #[must_use]
    pub fn terminal(&self) -> Terminal {
        Terminal::start(&self.call)
    }
}
