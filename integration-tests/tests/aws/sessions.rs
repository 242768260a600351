//! Role sessions are renewals: used until they expire, replaced when AWS refuses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use integration_tests::servers::stub::Reply;
use integration_tests::servers::{Relay, Stub};
use serde_json::{Value, json};

use crate::account::{ANY_ROLE, KEY, account, anybody, credulous};
use crate::user::User;

const ROLE: &str = "Action=AssumeRole&";
const SECRET: &str = "secretsmanager.GetSecretValue";

fn user(relay: &Relay) -> User {
    User::of(relay.address(), &account().as_role()).signing_as(&account().caller)
}

/// Changes the saved session.
fn change_session(user: &User, change: impl FnOnce(&mut Value)) {
    user.state().change("aws", |entry| {
        let kept = entry.renewal.take().expect("a session");
        let mut kept: Value = serde_json::from_str(kept.expose()).expect("ours");
        change(&mut kept["session"]);
        entry.renewal = Some(kept.to_string().as_str().into());
    });
}

#[test]
fn role_session_is_reused_until_it_expires() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay);
    for round in 1..4 {
        user.run().assert_key(KEY);
        assert_eq!((relay.count(ROLE), relay.count(SECRET)), (1, round));
        user.outlive_ttl();
    }
    change_session(&user, |session| session["expires_at"] = json!(1_700_000_000));
    user.run().assert_key(KEY);
    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (2, 4));
}

#[test]
fn rejected_role_session_is_replaced_in_the_same_attempt() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay);
    user.run().assert_key(KEY);
    user.outlive_ttl();
    change_session(&user, |session| session["session_token"] = json!("made-up"));

    user.run().assert_key(KEY);

    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (2, 3));
    assert_eq!(user.state().log()[1]["attempts"], 1);
}

#[test]
fn role_session_is_not_used_for_another_role() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay);
    user.run().assert_key(KEY);
    // The same role with another duration is another source.
    let source = account().as_role().replace(" }", ", duration = \"2h\" }");
    user.home.configure(&format!(
        "[profile.main]\nsources = [\"aws\"]\n[source.aws]\nbackend = \"aws\"\n{source}\n"
    ));
    user.run().assert_key(KEY);
    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (2, 2));
}

/// Another user's long-lived keys must not use a session of the first user.
#[test]
fn role_session_is_not_used_for_another_access_key() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay);
    user.run().assert_key(KEY);
    let user = user.signing_as(&account().nobody);
    user.run().assert_error(4, &["aws refused to let the environment assume"]);
    assert_eq!(relay.count(SECRET), 1);
}

/// AWS denies in its own form: the key is dropped, and the session is not.
#[test]
fn access_denied_drops_the_key_and_keeps_the_role_session() {
    let (aws, is_denied) = denying();
    let source = format!("secret_id = \"plain\"\nassume_role = {{ arn = \"{ANY_ROLE}\" }}");
    let user = User::of(aws.address(), &source)
        .env("AWS_ENDPOINT_URL_STS", credulous().address())
        .signing_as(&anybody());
    user.run().assert_key(KEY);
    user.outlive_ttl();
    is_denied.store(true, Ordering::SeqCst);

    user.run().assert_error(4, &["aws refused to read `plain`: not any more"]);
    assert_eq!(user.state().key("aws"), None);
    user.run().assert_error(4, &["aws refused to read `plain`: not any more"]);

    is_denied.store(false, Ordering::SeqCst);
    user.state().end_pause("aws");
    let before = user.state().entry("aws").renewal;
    assert!(before.is_some());
    user.run().assert_key(KEY);
    assert_eq!(user.state().entry("aws").renewal, before, "no role was assumed");
}

/// The page of a proxy is not a response of AWS.
#[test]
fn proxy_403_page_keeps_the_cached_key() {
    let (aws, is_denied) = paging();
    let user = User::with_profile(aws.address(), "retries = 1", "secret_id = \"plain\"")
        .signing_as(&anybody());
    user.run().assert_key(KEY);
    user.outlive_ttl();
    is_denied.store(true, Ordering::SeqCst);
    let asked = aws.requests().len();
    user.run().assert_warned(KEY, &["answered 403, but not as aws does"]);
    assert_eq!(aws.requests().len() - asked, 2);
    assert_eq!(user.state().key("aws").as_deref(), Some(KEY));
}

fn denying() -> (Stub, Arc<AtomicBool>) {
    switched(|| {
        let body = json!({ "__type": "AccessDeniedException", "message": "not any more" });
        Reply::new(400, &["Content-Type: application/x-amz-json-1.1"], &body.to_string())
    })
}

fn paging() -> (Stub, Arc<AtomicBool>) {
    switched(|| Reply::new(403, &["Content-Type: text/html"], "<html>No</html>"))
}

/// Returns a Secrets Manager that gives the key, and `refusal` once the flag is set.
fn switched(refusal: fn() -> Reply) -> (Stub, Arc<AtomicBool>) {
    let refuses = Arc::new(AtomicBool::new(false));
    let stub = {
        let refuses = Arc::clone(&refuses);
        Stub::start(move |_| match refuses.load(Ordering::SeqCst) {
            true => refusal(),
            false => Reply::json(
                200,
                &json!({ "ARN": "arn:aws:x", "Name": "plain",
                                               "SecretString": KEY }),
            ),
        })
    };
    (stub, refuses)
}
