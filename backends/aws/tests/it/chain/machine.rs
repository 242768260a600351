//! Credentials of the machine or the container that we run in.

use std::time::Duration;

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{Moto, Stub};
use integration_tests::wait::{now, since};
use serde_json::json;

use super::{TOML, credulous, source};
use crate::common::{KEY, Source, aws};

/// Less than the SDK would wait by itself: a second, four times.
const PATIENCE: Duration = Duration::from_secs(4);

/// What ECS and EKS answer.
fn container_credentials() -> Reply {
    Reply::json(
        200,
        &json!({
            "AccessKeyId": "ASIA1", "SecretAccessKey": "canary-secret", "Token": "canary-token",
            "Expiration": "2040-01-01T00:00:00Z",
        }),
    )
}

#[test]
fn ecs_container_gives_credentials() {
    let moto = credulous();
    let container = Stub::start(|request| {
        let is_ours = request.line == "GET /v2/credentials/1?x=y"
            && request.text.to_lowercase().contains("authorization: canary-authorization");
        if is_ours { container_credentials() } else { Reply::new(403, &[], "") }
    });
    let uri = format!("{}/v2/credentials/1?x=y", container.address());
    let mut source = Source::new(
        TOML,
        &[
            ("AWS_ENDPOINT_URL", moto.address()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-authorization"),
        ],
    );
    assert_eq!(source.key(), KEY);
    assert_eq!(source.key(), KEY);
    assert_eq!(container.requests().len(), 1, "kept until their end");
}

#[test]
fn ecs_container_without_credentials_is_transient() {
    let container = Stub::start(|_| Reply::new(403, &[], ""));
    let uri = format!("{}/credentials", container.address());
    let error =
        source(TOML, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)]).error(ErrorKind::Transient);
    assert!(error.message().starts_with("this container gave no aws credentials"), "{error}");
}

#[test]
fn deleted_container_token_file_is_named_with_its_variable() {
    let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/credentials"),
        (variable, "/no/such/token"),
    ];
    let error = source(TOML, &variables).error(ErrorKind::Misconfigured);
    assert!(error.message().starts_with("`/no/such/token` cannot be read: "), "{error}");
    assert_eq!(error.hint(), Some(&format!("renew the file that `{variable}` names").into()));
}

/// IMDSv2 as EC2 has it: moto's own does not say how long its token lives, which the SDK wants.
fn metadata_service() -> Stub {
    Stub::start(|request| match request.line.as_str() {
        "PUT /latest/api/token" => {
            Reply::new(200, &["x-aws-ec2-metadata-token-ttl-seconds: 21600"], "imds-token")
        }
        _ if !request.text.contains("imds-token") => Reply::new(401, &[], ""),
        "GET /latest/meta-data/" => Reply::new(200, &[], "iam/\nplacement/\n"),
        "GET /latest/meta-data/placement/region" => Reply::new(200, &[], "eu-west-1"),
        "GET /latest/meta-data/iam/security-credentials/" => Reply::new(200, &[], "web"),
        "GET /latest/meta-data/iam/security-credentials/web" => Reply::json(
            200,
            &json!({
                "Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC",
                "AccessKeyId": "ASIA1", "SecretAccessKey": "canary-secret",
                "Token": "canary-token", "Expiration": "2040-01-01T00:00:00Z",
            }),
        ),
        _ => Reply::new(404, &[], ""),
    })
}

#[test]
fn ec2_metadata_gives_credentials_and_region() {
    let moto = Moto::start();
    moto.secret_in("eu-west-1", "plain", &json!({ "SecretString": KEY }));
    let machine = metadata_service();
    let variables = [
        ("AWS_ENDPOINT_URL", moto.address()),
        ("AWS_EC2_METADATA_DISABLED", ""),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.address()),
    ];
    // It says the region, too.
    let mut source = Source::new(TOML, &variables);
    assert_eq!(source.key(), KEY);
    assert!(source.stored()["session"].is_object());

    // By name from a profile.
    let mut source = Source::new("secret_id = 'plain'\naws_profile = 'ec2'", &variables);
    let config = "[profile ec2]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/r\n\
                  credential_source = Ec2InstanceMetadata\n";
    source.file(".aws/config", config);
    assert_eq!(source.key(), KEY);
}

#[test]
fn ec2_metadata_is_not_asked_when_environment_has_keys() {
    let machine = metadata_service();
    let reader = &aws().reader;
    let mut source = source(
        TOML,
        &[
            ("AWS_EC2_METADATA_DISABLED", ""),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.address()),
            ("AWS_ACCESS_KEY_ID", &reader.id),
            ("AWS_SECRET_ACCESS_KEY", &reader.secret),
        ],
    );
    assert_eq!(source.key(), KEY);
    assert_eq!(machine.requests().len(), 0);
}

/// A machine outside of EC2: no answer comes, and no refusal.
#[test]
fn missing_ec2_metadata_service_needs_login_within_the_timeout() {
    // A network for documentation (RFC 5737), which leads nowhere.
    for endpoint in ["http://192.0.2.1", "http://127.0.0.1:9"] {
        let mut source = source(
            TOML,
            &[("AWS_EC2_METADATA_DISABLED", ""), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)],
        );
        let start = now();
        source.error(ErrorKind::NeedsLogin);
        assert!(since(start) < PATIENCE, "{:?}", since(start));
    }
    let silent = Stub::start(|_| Reply::Silence);
    let mut source = source(
        TOML,
        &[
            ("AWS_EC2_METADATA_DISABLED", ""),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.address()),
        ],
    );
    let start = now();
    source.error(ErrorKind::NeedsLogin);
    assert!(since(start) < PATIENCE, "{:?}", since(start));
    assert_eq!(silent.requests().len(), 1);
}
