//! A user with an open Claude Code.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use integration_tests::call::{Answer, Call};
use integration_tests::fake_client::FakeClient;
use integration_tests::home::Home;

/// The time after which a client with a refused key asks again.
pub(crate) const REFUSED: Duration = Duration::from_millis(1_100);

/// A user whose source prints the content of the file `key`, or the output of its script, with a
/// folder for session files.
pub(crate) struct User {
    pub(crate) home: Home,
}

impl User {
    /// Returns a user with these lines in the profile's table.
    pub(crate) fn new(profile: &str, body: &str) -> Self {
        let home = Home::with_settings(profile, "retries = 0", body);
        let user = Self { home };
        fs::create_dir(user.session()).unwrap();
        fs::set_permissions(user.session(), Permissions::from_mode(0o700)).unwrap();
        user.rotate("old-key");
        user
    }

    /// Lets the source print another key from now on.
    pub(crate) fn rotate(&self, key: &str) {
        let _ = self.home.write("key", key);
    }

    /// Returns the value of `XDG_RUNTIME_DIR`.
    pub(crate) fn session(&self) -> PathBuf {
        self.home.path().join("session")
    }

    /// Returns the folder of the clients' records.
    pub(crate) fn records(&self) -> PathBuf {
        self.session().join("api-key-helper")
    }

    /// Returns a call in the user's session, without a client.
    pub(crate) fn helper(&self) -> Call {
        self.home.helper().env("XDG_RUNTIME_DIR", self.session())
    }

    /// Returns a client that was just started.
    pub(crate) fn client(&self) -> FakeClient {
        FakeClient::start(self.helper())
    }

    /// Returns a client that has the key `old-key`.
    #[track_caller]
    pub(crate) fn client_with_key(&self) -> FakeClient {
        let client = self.client();
        client.ask().assert_key("old-key");
        client
    }

    /// Ages the records of these clients, and the key, by `duration`.
    #[track_caller]
    pub(crate) fn pass_time(&self, duration: Duration, clients: &[&FakeClient]) {
        for client in clients {
            client.age(&self.records(), duration);
        }
        self.home.state().age("main", duration);
    }

    /// Lets `client` ask again early, as it does when the API refuses its key.
    #[track_caller]
    pub(crate) fn refuse(&self, client: &FakeClient) -> Answer {
        client.age(&self.records(), REFUSED);
        client.ask()
    }

    /// Returns the number of fetches.
    pub(crate) fn runs(&self) -> usize {
        self.home.runs("main")
    }
}

/// The script of a source that prints the content of the file `key`.
pub(crate) const STORED: &str = "cat \"$HOME/key\"";

/// Asserts the error that the key of the source `main` is refused.
#[track_caller]
pub(crate) fn assert_rejected(answer: &Answer) {
    answer.assert_error(6, &["the API refuses the key of source `main`", "get --refresh`"]);
}
