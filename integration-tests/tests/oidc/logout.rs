//! `logout`: gives a sign-in back, and forgets it in any case.

use integration_tests::servers::OidcProvider;

use crate::user::{COMMAND, User};

/// Nothing of the sign-in is left here.
#[track_caller]
fn assert_forgotten(user: &User) {
    assert_eq!(user.state().files(".entry"), [""; 0]);
    user.get().run().assert_error(3, &["nobody has signed in for `sso`", COMMAND]);
    let status = user.status();
    assert_eq!((&status["key"], status["has_renewal"].as_bool()), (&"none".into(), Some(false)));
    assert!(status["sign_in"].is_null(), "{status}");
}

#[test]
fn it_revokes_and_forgets() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    let key = user.key();
    let refresh_token = user.refresh_token();
    assert!(provider.is_active(&key) && provider.is_active(&refresh_token));

    let answer = user.home.call(["logout"]).run();
    let said = (answer.code, &*answer.stdout, &*answer.stderr);
    assert_eq!(said, (Some(0), "", "Signed out of `sso`.\n"));
    assert!(!provider.is_active(&key) && !provider.is_active(&refresh_token));
    assert_forgotten(&user);

    // There is nothing left to sign out of, and nobody to tell.
    let events = provider.events();
    assert_eq!(user.home.call(["logout"]).run().code, Some(0));
    assert_eq!(provider.events(), events);
    user.sign_in(&provider);
    user.key();
}

#[test]
fn without_the_provider_it_forgets_and_says_that_the_provider_does_not() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    user.key();
    provider.kill();
    let answer = user.home.call(["logout"]).run();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
    let lines: Vec<&str> = answer.stderr.lines().collect();
    let [warning, said] = lines[..] else { panic!("{answer:?}") };
    let words = "api-key-helper: warning: the provider did not take the sign-in back: cannot reach";
    assert!(warning.starts_with(words), "{warning}");
    assert_eq!(said, "Signed out of `sso`.");
    assert_forgotten(&user);
}

#[test]
fn an_ended_sign_in_is_forgotten_too() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    user.key();
    provider.revoke();
    user.home.call(["get", "--refresh"]).run().assert_error(3, &["has ended", COMMAND]);
    let events = provider.events();
    let answer = user.home.call(["logout"]).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), "Signed out of `sso`.\n"));
    // A dead token is not sent again.
    assert_eq!(provider.events(), events);
    assert_forgotten(&user);
}
