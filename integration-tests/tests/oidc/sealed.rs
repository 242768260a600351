//! A login whose encryption key is temporarily unavailable.

use std::fs;
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::servers::{OidcProvider, SecretService};

use crate::user::{Login, SOURCE, User};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[track_caller]
fn sign_in(provider: &OidcProvider, call: Call) {
    let login = Login::start(&call.arg("login"));
    provider.approve(&login.code());
    assert_eq!(login.finish().code, Some(0));
}

#[test]
fn sign_in_returns_when_the_locked_secret_service_is_unlocked() {
    let provider = OidcProvider::new();
    let mut service = SecretService::unlocked();
    let user = User::of(&provider);
    let call = service.heard_by(user.home.helper());
    sign_in(&provider, call.clone());
    let _ = call.run().key();
    user.state().age(SOURCE, DAY);

    user.home.restart_machine();
    service.lock();
    let words = ["there is no sign-in", "the secret service is locked: unlock that"];
    call.run().assert_error(3, &words);
    call.clone().args(["get", "--refresh"]).run().assert_error(3, &words);

    service.unlock();
    assert!(provider.is_active(&call.clone().args(["get", "--refresh"]).run().key()));
}

#[test]
fn sign_in_survives_a_change_of_seal_between_file_and_secret_service() {
    let provider = OidcProvider::new();
    let service = SecretService::unlocked();
    let user = User::of(&provider);
    let call = service.heard_by(user.home.helper());
    let text = fs::read_to_string(user.home.config_file()).unwrap();
    sign_in(&provider, call.clone());
    for seal in ["file", "secret-service", "file", "auto"] {
        user.home.configure(&format!("seal = \"{seal}\"\n{text}"));
        let _ = call.run().key();
        assert_eq!(user.state().files(".entry").len(), 1);
        age(&user, seal);
        // Each renewal is used once, and none is lost.
        assert!(provider.is_active(&call.run().key()));
    }
}

/// Ages the entry with the key of the current store: the kernel's keyring has that of the store.
#[track_caller]
fn age(user: &User, seal: &str) {
    if seal == "file" {
        user.home.restart_machine();
    }
    user.state().age(SOURCE, DAY);
}

#[test]
fn seal_rotate_keeps_the_sign_in() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    for _ in 0..3 {
        user.home.call(["seal", "--rotate"]).run().assert_printed();
        user.key();
        user.state().age(SOURCE, DAY);
        user.key();
    }
    assert_eq!(user.state().files(".entry").len(), 1);
}
