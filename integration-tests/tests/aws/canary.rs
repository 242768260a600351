//! Secrets of AWS are only in the entry, and the key on stdout.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use integration_tests::secret_forms::repeated;
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::{Reply, Request};
use integration_tests::servers::{Relay, Stub};
use integration_tests::wait::until;
use serde_json::json;

use crate::account::{ANY_ROLE, KEY, account, anybody, credulous};
use crate::barrier::Barrier;
use crate::search::Canary;
use crate::user::User;

/// Shell lines that record the arguments and environments of this process and its ancestors, up to
/// the test's own.
const GIVEN: &str = "process=$$\n\
    while [ $process -gt 1 ] && grep -qzF \"HOME=$HOME\" /proc/$process/environ; do\n\
    cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\n\
    process=$(cut -d ' ' -f 4 /proc/$process/stat)\n\
    done";

/// Returns a user whose long-lived keys come from a program, and who assumes a role with them.
fn with_process_and_role(canary: &mut Canary, address: &str) -> User {
    let AccessKey { id, secret } = &account().caller;
    canary.add("the secret access key", secret);
    let given = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    let given = canary.file("given.json", &given.to_string());
    let source = format!("aws_profile = \"work\"\n{}", account().as_role());
    let user = User::of(address, &source).dumpable();
    let script = user.home.script("credentials", &format!("{GIVEN}\ncat '{given}'"));
    user.file(
        ".aws/config",
        &format!("[profile work]\ncredential_process = \"{}\"\n", script.display()),
    )
}

#[test]
fn credential_process_and_role_secrets_are_nowhere_but_in_the_entry() {
    let mut canary = Canary::new();
    let user = with_process_and_role(&mut canary, account().moto.address());
    canary.call(&user.call()).assert_key(KEY);
    canary.add_session(&user);
    canary.call(&user.call()).assert_key(KEY);
    canary.call(&user.call().args(["get", "--refresh"])).assert_key(KEY);
    canary.search(&user);
    let given = fs::read(user.home.path().join("given")).unwrap();
    let given = String::from_utf8_lossy(&given).into_owned();
    assert!(given.contains("api-key-helper"), "the worker is looked at too: {given}");

    // In a background refresh.
    user.state().age("aws", Duration::from_secs(62 * 60));
    canary.call(&user.call()).assert_key(KEY);
    until("the key is refreshed", || (user.state().log().len() == 3).then_some(()));
    canary.search(&user);

    // After the entry was damaged and moved aside: the session is lost, and there is a new one.
    let entry = user.state().entry_file("aws");
    let whole = fs::read(&entry).unwrap();
    user.state().replace(&entry, &whole[1..]);
    canary.call(&user.call()).assert_key(KEY);
    canary.add_session(&user);
    assert_eq!(user.state().files(".unreadable").len(), 1);
    canary.search(&user);
}

/// The worker holds all secrets while it reads. Checks what other processes see then, both before
/// an answer and in the background.
#[test]
fn worker_reading_aws_shows_no_secret_to_other_processes() {
    const SECRET: &str = "secretsmanager.GetSecretValue";
    let mut canary = Canary::new();
    let barriers = [Barrier::default(), Barrier::default()];
    let relay = {
        let (barriers, reads) = (barriers.clone(), AtomicUsize::new(0));
        Relay::with_barrier(account().moto.address(), move |request| {
            if request.text.contains(SECRET) {
                barriers[reads.fetch_add(1, Ordering::SeqCst)].pass();
            }
        })
    };
    let user = with_process_and_role(&mut canary, relay.address());

    let call = user.call().start();
    until("the worker reads the secret", || (relay.count(SECRET) == 1).then_some(()));
    canary.add_session(&user);
    canary.search_worker(&user);
    barriers[0].open();
    call.finish().assert_key(KEY);

    user.state().age("aws", Duration::from_secs(62 * 60));
    canary.call(&user.call()).assert_key(KEY);
    until("another one reads it", || (relay.count(SECRET) == 2).then_some(()));
    canary.search_worker(&user);
    barriers[1].open();
    until("the key is refreshed", || (user.state().log().len() == 2).then_some(()));
}

#[test]
fn failing_credential_process_shows_no_secret() {
    let mut canary = Canary::new();
    canary.add("the secret access key", "made-up-secret-access-key");
    for body in [
        "cat '{}' >&2; exit 7",
        "cat '{}'; exit 7",
        "head -c 60 '{}'",
        "cat '{}' '{}'",
        "sed 's/Version/Vision/' '{}'",
    ] {
        let given = json!({
            "Version": 1,
            "AccessKeyId": "AKIAMADEUP",
            "SecretAccessKey": "made-up-secret-access-key",
        });
        let given = canary.file("given.json", &given.to_string());
        let source = "secret_id = \"plain\"\naws_profile = \"work\"\nretries = 0";
        let user = User::of(account().moto.address(), source);
        let script = user.home.script("credentials", &body.replace("{}", &given));
        let config = format!("[profile work]\ncredential_process = \"{}\"\n", script.display());
        let user = user.file(".aws/config", &config);
        let answer = canary.call(&user.call());
        assert_ne!(answer.code, Some(0), "{body}: {answer:?}");
        canary.call(&user.call());
        canary.search(&user);
    }
}

#[test]
fn web_identity_and_container_secrets_are_nowhere_but_in_the_entry() {
    let mut canary = Canary::new();
    canary.add("the token", "made.up-web-identity.token");
    let token = canary.file("token", "made.up-web-identity.token");
    let source = format!(
        "secret_id = \"plain\"\n\
         web_identity = {{ role_arn = \"{ANY_ROLE}\", token = {{ file = \"{token}\" }} }}"
    );
    let user = User::of(credulous().address(), &source);
    canary.call(&user.call()).assert_key(KEY);
    canary.add_session(&user);
    canary.search(&user);

    let container = Stub::start(|_| {
        let credentials = json!({
            "AccessKeyId": "ASIAMADEUP", "SecretAccessKey": "made-up-container-secret",
            "Token": "made-up-container-session", "Expiration": "2040-01-01T00:00:00Z",
        });
        Reply::json(200, &credentials)
    });
    canary.add("the container's authorization", "made-up-c0nt41n3r-w0rd");
    let user = User::of(credulous().address(), "secret_id = \"plain\"")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.address())
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "made-up-c0nt41n3r-w0rd");
    canary.call(&user.call()).assert_key(KEY);
    canary.add_session(&user);
    canary.search(&user);
}

/// A server that refuses often repeats the request.
#[test]
fn aws_refusal_that_repeats_the_request_shows_no_secret() {
    let secret = "made-up-secret-access-key";
    let token = "made-up-session-token";
    let mut canary = Canary::new();
    canary.add("the secret access key", secret);
    canary.add("the session token", token);
    for (status, code) in [
        (400, "InvalidSignatureException"),
        (403, "SignatureDoesNotMatch"),
        (400, "ExpiredTokenException"),
        (400, "UnrecognizedClientException"),
    ] {
        let aws = Stub::start(move |request| {
            let said = format!("The canonical string was: {}", request.text);
            let body = json!({ "__type": code, "message": said });
            Reply::new(status, &["Content-Type: application/x-amz-json-1.1"], &body.to_string())
        });
        let user = User::of(aws.address(), "secret_id = \"plain\"\nretries = 0")
            .env("AWS_ACCESS_KEY_ID", "ASIAMADEUP")
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_SESSION_TOKEN", token);
        let answer = canary.call(&user.call());
        assert!(matches!(answer.code, Some(2 | 3)), "{answer:?}");
        assert!(aws.requests()[0].text.contains(token));
        canary.call(&user.call());
        canary.search(&user);
    }
}

/// The text of this refusal is shown.
#[test]
fn aws_refusal_message_with_the_sent_token_is_redacted() {
    let secret = "made-up-secret-access-key";
    let token = "made-up/session+token==";
    let mut canary = Canary::new();
    canary.add("the secret access key", secret);
    canary.add("the session token", token);
    let repeats: [fn(&Request) -> Vec<String>; 3] = [
        |request| repeated(request.header("x-amz-security-token").unwrap()),
        |request| {
            let authorization = request.header("authorization").unwrap();
            repeated(authorization.rsplit_once("Signature=").unwrap().1)
        },
        |request| {
            // The header as it was sent, from the part that fits into a message.
            let (_, rest) = request.header("authorization").unwrap().split_once(", ").unwrap();
            vec![rest.to_owned()]
        },
    ];
    for repeat in repeats {
        let aws = Stub::start(move |request| {
            let said = format!("bad {}", repeat(request).join(", "));
            let body = json!({ "__type": "InvalidRequestException", "Message": said });
            Reply::new(400, &["Content-Type: application/x-amz-json-1.1"], &body.to_string())
        });
        let user = User::of(aws.address(), "secret_id = \"plain\"\nretries = 0")
            .env("AWS_ACCESS_KEY_ID", "ASIAMADEUP")
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_SESSION_TOKEN", token);
        let answer = canary.call(&user.call());
        answer.assert_error(2, &["aws refused to read `plain`", "[redacted]"]);
        let requests = aws.requests();
        let authorization = requests[0].header("authorization").unwrap();
        canary.add("the signature", authorization.rsplit_once("Signature=").unwrap().1);
        canary.assert_not_in("stderr", answer.stderr.as_bytes());
        canary.search(&user);
    }
}

/// The secret string is not a key, and is not shown either.
#[test]
fn aws_secret_that_is_no_key_is_not_shown() {
    let canary = Canary::new();
    for text in [
        format!("{KEY} {KEY}"),
        format!("{KEY}\n{KEY}"),
        json!({ "api_key": KEY }).to_string(),
        format!("{{\"api_key\": \"{KEY}"),
        format!("{KEY}\u{7f}"),
        KEY.repeat(1_000),
    ] {
        let aws = Stub::start(move |_| {
            Reply::json(200, &json!({ "ARN": "arn:x", "Name": "plain", "SecretString": text }))
        });
        for field in ["", "field = \"absent\""] {
            let source = format!("secret_id = \"plain\"\nretries = 0\n{field}");
            let user = User::of(aws.address(), &source).signing_as(&anybody());
            let answer = canary.call(&user.call());
            assert_ne!(answer.code, Some(0), "{answer:?}");
            canary.search(&user);
        }
    }
}
