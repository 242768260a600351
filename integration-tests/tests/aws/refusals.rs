//! Errors: the exit code of their kind, the message, and nothing on stdout.

use std::time::Duration;

use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{Relay, Stub};
use integration_tests::wait::{now, since};
use serde_json::json;

use crate::account::{ANY_ROLE, EXTERNAL_ID, account, anybody};
use crate::user::{User, shared};

const PLAIN: &str = "secret_id = \"plain\"";

#[test]
fn invalid_aws_signature_exits_2() {
    let wrong = AccessKey { secret: "made-up".to_owned(), ..account().reader.clone() };
    User::at_account(&wrong, PLAIN).run().assert_error(
        2,
        &["aws refused the signature of the environment", "put new ones into `AWS_ACCESS_KEY_ID`"],
    );
}

#[test]
fn unknown_aws_access_key_exits_3() {
    User::at_account(&anybody(), PLAIN).run().assert_error(
        3,
        &["aws does not know the credentials of the environment", "put new ones into"],
    );
    let user = User::of(account().moto.address(), "secret_id = \"plain\"\naws_profile = \"work\"")
        .file(".aws/credentials", &shared("work", &anybody()));
    user.run().assert_error(
        3,
        &["does not know the credentials of profile `work`", "run `aws configure --profile work`"],
    );
}

#[test]
fn denied_get_secret_value_exits_4_and_names_the_permission() {
    User::at_account(&account().nobody, PLAIN).run().assert_error(
        4,
        &[
            "aws refused to read `plain`",
            "ask for `secretsmanager:GetSecretValue` on \
             `arn:aws:secretsmanager:us-east-1:*:secret:plain-??????`",
        ],
    );
}

#[test]
fn denied_assume_role_exits_4_and_names_the_permission() {
    let account = account();
    let other_id = account.as_role().replace(EXTERNAL_ID, "somebody-else");
    for (who, source) in [(&account.caller, other_id), (&account.nobody, account.as_role())] {
        User::at_account(who, &source).run().assert_error(
            4,
            &[
                "aws refused to let the environment assume",
                &format!("ask for `sts:AssumeRole` on `{}`", account.role),
            ],
        );
    }
}

#[test]
fn missing_aws_secret_exits_5() {
    User::at_account(&account().reader, "secret_id = \"absent\"").run().assert_error(
        5,
        &[
            "aws found nothing to read `absent`",
            "`aws secretsmanager list-secrets --region us-east-1`",
        ],
    );
    let source = "secret_id = \"plain\"\nversion_stage = \"none\"";
    User::at_account(&account().reader, source).run().assert_error(5, &["found nothing"]);
}

#[test]
fn deleted_aws_secret_exits_5_and_names_restore_secret() {
    User::at_account(&account().reader, "secret_id = \"deleted\"").run().assert_error(
        5,
        &[
            "`deleted`: it is marked for deletion",
            "`aws secretsmanager restore-secret --secret-id deleted --region us-east-1`",
        ],
    );
}

#[test]
fn aws_secret_without_the_field_names_its_fields() {
    for (source, code, words) in [
        ("secret_id = \"fields\"", 2, "set `field` to one of `api_key`, `deep`"),
        ("secret_id = \"fields\"\nfield = \"kye\"", 5, "`fields` has no field `kye`"),
    ] {
        User::at_account(&account().reader, source).run().assert_error(code, &[words]);
    }
}

/// No place has credentials, and the machine's metadata service refuses connections, or never
/// answers.
#[test]
fn missing_aws_credentials_exit_3_within_the_timeout() {
    let silent = Stub::start(|_| Reply::Silence);
    for metadata in [None, Some("http://127.0.0.1:9"), Some(silent.address())] {
        let user = User::of(account().moto.address(), PLAIN);
        let user = match metadata {
            None => user,
            Some(address) => user
                .without_env("AWS_EC2_METADATA_DISABLED")
                .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", address),
        };
        let start = now();
        let answer = user.run();
        let took = since(start);
        answer.assert_error(3, &["there are no aws credentials", "run `aws configure sso`"]);
        // Measured without load: 25 ms, 85 ms and 820 ms. The rest is for machines under load.
        assert!(took < Duration::from_secs(8), "it took {took:?} to find none, with {metadata:?}");
    }
    assert_eq!(silent.requests().len(), 1);
}

#[test]
fn expired_sso_session_names_aws_sso_login() {
    let config = "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\n\
                  sso_role_name = dev\nregion = us-east-1\n\
                  [sso-session corp]\nsso_region = us-east-1\n\
                  sso_start_url = https://corp.example.com\n";
    let token = json!({
        "accessToken": "made-up-token", "expiresAt": "2020-01-01T00:00:00Z",
        "region": "us-east-1", "startUrl": "https://corp.example.com",
    });
    let source = "secret_id = \"plain\"\naws_profile = \"dev\"";
    let user = User::of(account().moto.address(), source).file(".aws/config", config);
    let words = ["the sso session of profile `dev` has ended", "run `aws sso login --profile dev`"];

    user.run().assert_error(3, &words);

    // The name is the SHA-1 of `corp`.
    let cache = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    let user = user.file(cache, &token.to_string());
    user.call().args(["get", "--refresh"]).run().assert_error(3, &words);
}

/// Sessions of moto never expire, so these are the words of the real services.
#[test]
fn expired_token_clock_skew_and_kms_errors_of_aws_are_explained() {
    let expired = "The security token included in the request is expired";
    let skewed = "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z";
    let kms = "Access to KMS is not allowed";
    for (code, message, exit_code, words) in [
        (
            "ExpiredTokenException",
            expired,
            3,
            &["credentials of the environment have expired", "`AWS_SESSION_TOKEN`"],
        ),
        (
            "InvalidSignatureException",
            skewed,
            2,
            &["for its time: this machine's clock is", "`sudo timedatectl set-ntp true`"],
        ),
        (
            "AccessDeniedException",
            kms,
            4,
            &["kms does not decrypt it", "ask for `kms:Decrypt` on the key of `arn:aws:"],
        ),
    ] {
        let user = answered(400, code, message);
        user.run().assert_error(exit_code, words);
    }
}

#[test]
fn expired_web_identity_token_exits_3() {
    let sts = Stub::start(|_| {
        let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
                    <Type>Sender</Type><Code>ExpiredTokenException</Code>\
                    <Message>Token expired</Message></Error></ErrorResponse>";
        Reply::new(400, &["Content-Type: text/xml"], body)
    });
    let source = format!(
        "secret_id = \"plain\"\n\
         web_identity = {{ role_arn = \"{ANY_ROLE}\", token = {{ env = \"CI_TOKEN\" }} }}"
    );
    let user = User::of(sts.address(), &source).env("CI_TOKEN", "made.up.jwt");
    user.run().assert_error(
        3,
        &["credentials of `web_identity` have expired", "renew what `web_identity.token`"],
    );
    assert_eq!(sts.requests().len(), 1, "a refusal is not repeated");
}

/// A refusal is saved: an immediate second call gets the same error without a request.
#[test]
fn denied_secret_is_not_fetched_again_during_the_cooldown() {
    let relay = Relay::to(account().moto.address());
    let user = User::of(relay.address(), PLAIN).signing_as(&account().nobody);
    let start = now();
    let answers: Vec<_> = (0..5).map(|_| user.run()).collect();
    let pauses = 1 + since(start).as_millis() / 500;
    for answer in answers {
        answer.assert_error(4, &["aws refused to read `plain`", "ask for `secretsmanager:"]);
    }
    let requests = relay.requests().len();
    assert!(requests as u128 <= pauses, "{requests} requests in {pauses} pauses");
}

/// Returns a user whose server answers with this error.
fn answered(status: u16, code: &'static str, message: &'static str) -> User {
    let stub = Stub::start(move |_| {
        let body = json!({ "__type": format!("com.amazon.x#{code}"), "message": message });
        let headers =
            ["Content-Type: application/x-amz-json-1.1", "Date: Thu, 01 Jan 2026 00:00:00 GMT"];
        Reply::new(status, &headers, &body.to_string())
    });
    User::of(stub.address(), PLAIN).signing_as(&anybody())
}

#[test]
fn endpoint_url_with_a_password_is_refused() {
    const ADDRESS: &str = "https://user:pw99pw99@127.0.0.1:1";
    let refused = |user: User, name: &str| {
        let answer = user.run();
        answer.assert_error(2, &[name, "an address must not contain a user or a password"]);
        assert!(!answer.stderr.contains("pw99"), "{answer:?}");
    };
    let user = || User::at_account(&anybody(), PLAIN);
    let source = format!("{PLAIN}\nendpoint = \"{ADDRESS}\"");
    refused(User::at_account(&anybody(), &source), "`source.aws.endpoint`");
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_ENDPOINT_URL_STS",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    ] {
        refused(user().env(name, ADDRESS), &format!("the variable `{name}`"));
    }
    let config = format!("[default]\nendpoint_url = {ADDRESS}\n");
    let user = user().without_env("AWS_ENDPOINT_URL").file(".aws/config", &config);
    refused(user, "`endpoint_url` of the shared files of aws");
}
