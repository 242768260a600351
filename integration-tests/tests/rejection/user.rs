//! A user who has Claude Code open.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use integration_tests::call::{Answer, Call};
use integration_tests::fake_client::FakeClient;
use integration_tests::home::Home;

/// After this time a client asks again whose key was refused.
pub(crate) const REFUSED: Duration = Duration::from_millis(1_100);

/// A user whose source prints the content of the file `key`, or whatever its script does, and who has a
/// folder for what ends with the session.
pub(crate) struct User {
    pub(crate) home: Home,
}

impl User {
    /// With these lines in the profile's table.
    pub(crate) fn new(profile: &str, body: &str) -> Self {
        let home = Home::with_settings(profile, "retries = 0", body);
        let user = Self { home };
        fs::create_dir(user.session()).unwrap();
        fs::set_permissions(user.session(), Permissions::from_mode(0o700)).unwrap();
        user.rotate("old-key");
        user
    }

    /// The source prints another key from now on.
    pub(crate) fn rotate(&self, key: &str) {
        let _ = self.home.write("key", key);
    }

    /// What `XDG_RUNTIME_DIR` says.
    pub(crate) fn session(&self) -> PathBuf {
        self.home.path().join("session")
    }

    /// Where clients' records are.
    pub(crate) fn records(&self) -> PathBuf {
        self.session().join("api-key-helper")
    }

    /// A call in the user's session, by nobody in particular.
    pub(crate) fn helper(&self) -> Call {
        self.home.helper().env("XDG_RUNTIME_DIR", self.session())
    }

    /// A client that was just started.
    pub(crate) fn client(&self) -> FakeClient {
        FakeClient::start(self.helper())
    }

    /// A client that has the key `old-key`.
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

    /// The API refuses the key that `client` was given last, which asks again.
    #[track_caller]
    pub(crate) fn refuse(&self, client: &FakeClient) -> Answer {
        client.age(&self.records(), REFUSED);
        client.ask()
    }

    /// How often the source was asked.
    pub(crate) fn runs(&self) -> usize {
        self.home.runs("main")
    }
}

/// The script of a source that prints what is in the file `key`.
pub(crate) const STORED: &str = "cat \"$HOME/key\"";

/// The client is told that the key of the source `main` is refused.
#[track_caller]
pub(crate) fn assert_rejected(answer: &Answer) {
    answer.assert_error(6, &["the API refuses the key of source `main`", "get --refresh`"]);
}
