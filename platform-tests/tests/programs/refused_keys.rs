//! Keys that the API refuses: the client asks again before its hold is over.

use std::path::PathBuf;
use std::time::Duration;

use platform_tests::call::Answer;
use platform_tests::fake_client::FakeClient;
use platform_tests::home::Home;

const SECOND: Duration = Duration::from_secs(1);
/// The time after which a client with a refused key asks again.
const REFUSED: Duration = Duration::from_millis(1_100);

/// A user whose source prints the content of the file `key`.
struct User {
    home: Home,
}

impl User {
    fn new() -> Self {
        let user = Self { home: Home::with_settings("", "retries = 0", "file key") };
        user.rotate("old-key");
        user
    }

    fn rotate(&self, key: &str) {
        self.home.write("key", key);
    }

    fn client(&self) -> FakeClient {
        FakeClient::start(self.home.helper())
    }

    fn records(&self) -> PathBuf {
        self.home.state().path().to_owned()
    }

    /// Lets `duration` pass for the client and for the key.
    #[track_caller]
    fn pass(&self, duration: Duration, client: &FakeClient) {
        client.age(&self.records(), duration);
        self.home.state().age("main", duration);
    }

    /// Lets the client ask again early, as it does when the API refuses its key.
    #[track_caller]
    fn refuse(&self, client: &FakeClient) -> Answer {
        client.age(&self.records(), REFUSED);
        client.ask()
    }
}

#[test]
fn early_retry_after_a_key_rotation_fetches_the_new_key() {
    let user = User::new();
    let client = user.client();
    client.ask().assert_key("old-key");
    user.pass(100 * SECOND, &client);
    user.rotate("new-key");
    client.ask().assert_key("new-key");
    user.pass(301 * SECOND, &client);
    client.ask().assert_key("new-key");
    assert_eq!(user.home.runs("main"), 2);
}

#[test]
fn second_early_retry_exits_6_as_rejected() {
    let user = User::new();
    let client = user.client();
    client.ask().assert_key("old-key");
    user.refuse(&client).assert_key("old-key");
    for _ in 0..2 {
        let answer = user.refuse(&client);
        answer.assert_error(6, &["the API refuses the key of source `main`", "get --refresh`"]);
    }
    assert_eq!(user.home.runs("main"), 2);
}

#[test]
fn rejected_key_error_goes_to_the_rejected_client_only() {
    let user = User::new();
    let [refused, other] = [user.client(), user.client()];
    for client in [&refused, &other] {
        client.ask().assert_key("old-key");
    }
    user.refuse(&refused).assert_key("old-key");
    user.refuse(&refused).assert_error(6, &["the API refuses the key"]);
    user.pass(301 * SECOND, &other);
    other.ask().assert_key("old-key");
}
