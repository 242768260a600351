//! An answer belongs to the environment that it came of.

use integration_tests::call::Call;
use integration_tests::servers::Relay;
use integration_tests::servers::moto::AccessKey;

use crate::account::{KEY, KEY_ABROAD, account};
use crate::user::{User, shared};

/// `calls` are each a miss when the one before was another, and a hit when it was the same. `keys`
/// are what they print.
#[track_caller]
fn assert_each_is_asked_for(relay: &Relay, calls: &[(Call, &str); 2]) {
    for round in 0..2 {
        for (call, key) in calls {
            let before = relay.requests().len();
            call.run().assert_key(key);
            assert_eq!(relay.requests().len(), before + 1, "round {round}: {call:?}");
            call.run().assert_key(key);
            assert_eq!(relay.requests().len(), before + 1, "round {round}: {call:?}");
        }
    }
}

fn user(relay: &Relay) -> User {
    User::of(relay.address(), "secret_id = \"plain\"")
}

#[test]
fn another_region() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay).signing_as(&account().reader);
    let abroad = user.call().env("AWS_REGION", "eu-west-1");
    assert_each_is_asked_for(&relay, &[(user.call(), KEY), (abroad, KEY_ABROAD)]);
}

#[test]
fn another_profile() {
    let relay = Relay::to(account().moto.address());
    let config = "[profile work]\nregion = us-east-1\n[profile abroad]\nregion = eu-west-1\n";
    let [work, abroad] = ["work", "abroad"].map(|name| shared(name, &account().reader));
    let user = user(&relay)
        .without_env("AWS_REGION")
        .file(".aws/config", config)
        .file(".aws/credentials", &(work + &abroad));
    let [work, abroad] = ["work", "abroad"].map(|name| user.call().env("AWS_PROFILE", name));
    assert_each_is_asked_for(&relay, &[(work, KEY), (abroad, KEY_ABROAD)]);
}

#[test]
fn another_access_key() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay).signing_as(&account().reader);
    user.assert_gets(KEY);
    let AccessKey { id, secret } = &account().nobody;
    let call = user.call().env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
    // The key of somebody else is not theirs to see.
    call.run().assert_error(4, &["aws refused to read `plain`"]);
    assert_eq!(relay.requests().len(), 2);
}

#[test]
fn what_has_no_part_in_the_answer_may_change() {
    let relay = Relay::to(account().moto.address());
    let user = User::of(relay.address(), "secret_id = \"plain\"\nregion = \"us-east-1\"")
        .signing_as(&account().reader);
    user.assert_gets(KEY);
    for (name, value) in [
        // The file says so itself.
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_EXECUTION_ENV", "test"),
        ("AWS_PAGER", "less"),
    ] {
        user.call().env(name, value).run().assert_key(KEY);
    }
    assert_eq!(relay.requests().len(), 1);
}
