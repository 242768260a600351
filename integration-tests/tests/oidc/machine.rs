//! A source that needs no user.

use std::fs;

use integration_tests::call::Running;
use integration_tests::servers::OidcProvider;
use integration_tests::servers::oidc_provider::Settings;
use tempfile::TempDir;

use crate::user::User;

const SECRET: &str = "the secret of a machine";

/// A machine with its secret in a file.
struct Machine {
    provider: OidcProvider,
    user: User,
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let secret = Some((SECRET.to_owned(), "client_secret_basic".to_owned()));
        let provider = OidcProvider::with(&Settings { secret, ..Settings::default() });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let source = format!(
            "flow = \"client_credentials\"\nclient_secret = {{ file = \"{}\" }}\n",
            file.display()
        );
        let user = User::with(&provider, &source);
        let machine = Self { provider, user, folder };
        machine.write_secret(SECRET);
        machine
    }

    fn write_secret(&self, secret: &str) {
        let file = self.folder.path().join("secret");
        fs::write(&file, secret).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
}

#[test]
fn client_credentials_need_no_login() {
    let machine = Machine::new();
    let user = &machine.user;
    let key = user.key();
    assert!(machine.provider.is_active_for(&key, SECRET));
    assert_eq!(user.key(), key);
    assert_eq!(machine.provider.asked("client_credentials"), 1);
    let status = user.status();
    assert_eq!((&status["key"], &status["has_renewal"]), (&"fresh".into(), &false.into()));
    let words = ["people do not sign in to source `sso`", "by itself", "`api-key-helper status`"];
    user.home.call(["login", "--source", "sso"]).run().assert_error(2, &words);
    let words = ["profile `work` has no source that people sign in to"];
    user.home.call(["login"]).run().assert_error(2, &words);
    assert_ne!(user.home.call(["get", "--refresh"]).run().assert_printed(), key);
}

#[test]
fn client_credentials_hundred_processes_single_flight_one_request() {
    let machine = Machine::new();
    let calls: Vec<Running> = (0..100).map(|_| machine.user.get().start()).collect();
    let answers: Vec<_> = calls.into_iter().map(Running::finish).collect();
    for answer in &answers {
        answer.assert_key(&answers[0].stdout);
    }
    assert_eq!(machine.provider.asked("client_credentials"), 1);
}

#[test]
fn client_credentials_changed_client_secret_is_read_again() {
    let machine = Machine::new();
    let user = &machine.user;
    machine.write_secret("an older secret of it");
    let hint = "compare `client_id` and `client_secret`";
    user.get().run().assert_error(2, &["refused the client `helper`", hint]);
    machine.write_secret(SECRET);
    user.key();
    assert_eq!(machine.provider.granted("client_credentials"), 1);
}
