//! A cached key belongs to the environment that it was fetched in.

use integration_tests::call::Call;
use integration_tests::servers::Relay;
use integration_tests::servers::moto::AccessKey;

use crate::account::{KEY, KEY_ABROAD, account};
use crate::user::{User, shared};

/// Asserts that each of `calls` has its own entry: one miss, whatever the calls in between. The
/// texts are the expected outputs.
#[track_caller]
fn assert_each_is_asked_for_once(relay: &Relay, calls: &[(Call, &str); 2]) {
    for round in 0..2 {
        for (call, key) in calls {
            let before = relay.requests().len();
            call.run().assert_key(key);
            let asked = usize::from(round == 0);
            assert_eq!(relay.requests().len(), before + asked, "round {round}: {call:?}");
            call.run().assert_key(key);
            assert_eq!(relay.requests().len(), before + asked, "round {round}: {call:?}");
        }
    }
}

fn user(relay: &Relay) -> User {
    User::of(relay.address(), "secret_id = \"plain\"")
}

#[test]
fn aws_region_variable_has_an_entry_of_its_own() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay).signing_as(&account().reader);
    let abroad = user.call().env("AWS_REGION", "eu-west-1");
    assert_each_is_asked_for_once(&relay, &[(user.call(), KEY), (abroad, KEY_ABROAD)]);
}

#[test]
fn aws_profile_variable_has_an_entry_of_its_own() {
    let relay = Relay::to(account().moto.address());
    let config = "[profile work]\nregion = us-east-1\n[profile abroad]\nregion = eu-west-1\n";
    let [work, abroad] = ["work", "abroad"].map(|name| shared(name, &account().reader));
    let user = user(&relay)
        .without_env("AWS_REGION")
        .file(".aws/config", config)
        .file(".aws/credentials", &(work + &abroad));
    let [work, abroad] = ["work", "abroad"].map(|name| user.call().env("AWS_PROFILE", name));
    assert_each_is_asked_for_once(&relay, &[(work, KEY), (abroad, KEY_ABROAD)]);
}

#[test]
fn aws_access_key_of_another_user_gets_no_cached_key() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay).signing_as(&account().reader);
    user.assert_gets(KEY);
    let AccessKey { id, secret } = &account().nobody;
    let call = user.call().env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
    // Another user's key is not printed.
    call.run().assert_error(4, &["aws refused to read `plain`"]);
    // The refusal does not affect the first user.
    user.run().assert_key(KEY);
    assert_eq!(relay.requests().len(), 2);
}

#[test]
fn unused_aws_variables_keep_the_cache_entry() {
    let relay = Relay::to(account().moto.address());
    let user = User::of(relay.address(), "secret_id = \"plain\"\nregion = \"us-east-1\"")
        .signing_as(&account().reader);
    user.assert_gets(KEY);
    for (name, value) in [
        // The file sets the region itself.
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_EXECUTION_ENV", "test"),
        ("AWS_PAGER", "less"),
    ] {
        user.call().env(name, value).run().assert_key(KEY);
    }
    assert_eq!(relay.requests().len(), 1);
}

/// A failure belongs to its credentials and server: users with other ones are not in its cooldown.
#[test]
fn aws_failure_with_other_credentials_starts_no_cooldown() {
    let relay = Relay::to(account().moto.address());
    for (without, with, exit_code, words) in [
        (None, &account().reader, 3, "there are no aws credentials"),
        (Some(&account().nobody), &account().reader, 4, "aws refused to read `plain`"),
    ] {
        let user = user(&relay);
        let caller = |who: &AccessKey| {
            user.call().env("AWS_ACCESS_KEY_ID", &who.id).env("AWS_SECRET_ACCESS_KEY", &who.secret)
        };
        let failing = without.map_or_else(|| user.call(), caller);
        for _ in 0..3 {
            failing.run().assert_error(exit_code, &[words]);
        }
        caller(with).run().assert_key(KEY);
    }

    let user = user(&relay).signing_as(&account().reader);
    let elsewhere = user.call().env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").arg("get");
    elsewhere.run().assert_error(1, &["cannot reach aws secrets manager"]);
    user.run().assert_key(KEY);
}
