//! Every place where the SDK finds credentials, and what is said when there are none.

use std::time::{Duration, Instant};

use api_key_helper_core::ErrorKind;
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{Moto, Stub};
use serde_json::json;

use crate::common::{KEY, Source, aws, shown};

const TOML: &str = "secret_id = 'plain'";

/// A source of [`aws`] with nobody's keys.
fn source(toml: &str, variables: &[(&str, &str)]) -> Source {
    let address = [("AWS_ENDPOINT_URL", aws().moto.address()), ("AWS_REGION", "us-east-1")];
    Source::new(toml, &[&address, variables].concat())
}

/// An AWS that believes everybody, for credentials that it did not give.
fn credulous() -> Moto {
    let moto = Moto::start();
    moto.secret("plain", &json!({ "SecretString": KEY }));
    moto
}

fn shared(name: &str, AccessKey { id, secret }: &AccessKey) -> String {
    format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}

#[test]
fn shared_files() {
    let mut source = source(TOML, &[]);
    source.file(".aws/credentials", &shared("default", &aws().reader));
    assert_eq!(source.key(), KEY);
    assert_eq!(source.renewal, None);
}

#[test]
fn a_profile_of_the_source_comes_before_the_environment() {
    let nobody = &aws().nobody;
    let variables =
        [("AWS_ACCESS_KEY_ID", &*nobody.id), ("AWS_SECRET_ACCESS_KEY", &*nobody.secret)];
    let mut named = source("secret_id = 'plain'\naws_profile = 'work'", &variables);
    named.file(".aws/credentials", &shared("work", &aws().reader));
    assert_eq!(named.key(), KEY);

    let mut unnamed = source(TOML, &[&variables[..], &[("AWS_PROFILE", "work")]].concat());
    unnamed.file(".aws/credentials", &shared("work", &aws().reader));
    unnamed.error(ErrorKind::Denied);
}

#[test]
fn a_profile_that_is_not_there() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'wrok'", &[]);
    source.file(".aws/config", "[profile work]\nregion = us-east-1\n");
    let error = source.error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "there is no profile `wrok` in the shared files");
    source.file(".aws/config", "[profile work\nregion");
    let error = source.error(ErrorKind::Misconfigured);
    assert!(error.message().contains("shared files of aws cannot be read"), "{error}");
}

#[test]
fn a_profiles_region_and_role() {
    let aws = aws();
    let mut source = Source::new(
        "secret_id = 'abroad'\naws_profile = 'abroad'",
        &[("AWS_ENDPOINT_URL", aws.moto.address())],
    );
    let config = format!(
        "[profile abroad]\nregion = eu-west-1\nrole_arn = {}\nexternal_id = {}\n\
         source_profile = base\n",
        aws.role,
        crate::common::EXTERNAL_ID,
    );
    source.file(".aws/config", &config);
    source.file(".aws/credentials", &shared("base", &aws.caller));
    assert_eq!(source.key(), "sk-abroad");
    assert!(source.kept()["session"].is_object(), "a role of a profile is kept too");

    source.renewal = None;
    source.file(".aws/credentials", &shared("base", &aws.nobody));
    let error = source.error(ErrorKind::Denied);
    assert!(error.hint().unwrap().contains("`sts:AssumeRole`"), "{error:?}");
}

#[test]
fn a_credential_process() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'work'", &[]);
    let AccessKey { id, secret } = &aws().reader;
    let answer = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    let answer = source.file("answer.json", &answer.to_string());
    let config = format!("[profile work]\ncredential_process = cat '{}'\n", shown(&answer));
    source.file(".aws/config", &config);
    assert_eq!(source.key(), KEY);
    assert_eq!(source.renewal, None);

    let config = "[profile work]\ncredential_process = echo canary-secret >&2; exit 7\n";
    source.file(".aws/config", config);
    let error = source.error(ErrorKind::Transient);
    assert_eq!(error.message(), "the `credential_process` of profile `work` failed");
    let hint = "run `aws sts get-caller-identity --profile work` to see why";
    assert_eq!(error.hint(), Some(hint));
}

#[test]
fn a_token_file() {
    let moto = credulous();
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "jwt").unwrap();
    let mut source = Source::new(
        TOML,
        &[
            ("AWS_ENDPOINT_URL", moto.address()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &shown(token.path())),
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/w"),
        ],
    );
    assert_eq!(source.key(), KEY);
    assert!(source.kept()["session"].is_object());
    drop(token);
    assert_eq!(source.key(), KEY, "the session lives on");
    source.renewal = None;
    let error = source.error(ErrorKind::Misconfigured);
    assert_eq!(error.hint(), Some("renew the file that `AWS_WEB_IDENTITY_TOKEN_FILE` names"));
}

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
fn a_container() {
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
fn a_container_that_gives_nothing() {
    let container = Stub::start(|_| Reply::new(403, &[], ""));
    let uri = format!("{}/credentials", container.address());
    let error =
        source(TOML, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)]).error(ErrorKind::Transient);
    assert!(error.message().starts_with("this container gave no aws credentials"), "{error}");
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
fn a_machine_of_ec2() {
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
    assert!(source.kept()["session"].is_object());

    // By name from a profile.
    let mut source = Source::new("secret_id = 'plain'\naws_profile = 'ec2'", &variables);
    let config = "[profile ec2]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/r\n\
                  credential_source = Ec2InstanceMetadata\n";
    source.file(".aws/config", config);
    assert_eq!(source.key(), KEY);
}

#[test]
fn the_machine_is_not_asked_when_something_nearer_answers() {
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

#[test]
fn no_credentials_at_all() {
    let start = Instant::now();
    let error = source(TOML, &[]).error(ErrorKind::NeedsLogin);
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert_eq!(error.message(), "there are no aws credentials");
    assert!(error.hint().unwrap().contains("`aws configure sso`"), "{error:?}");
}

#[test]
fn a_variable_that_names_no_profile() {
    let error = source(TOML, &[("AWS_PROFILE", "wrok")]).error(ErrorKind::NeedsLogin);
    let message = "there are no aws credentials from profile `wrok`, which is not there";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().contains("list-profiles"), "{error:?}");
}

/// A machine that is not of EC2: nobody answers, or even refuses.
#[test]
fn no_credentials_and_no_metadata_service() {
    // A network for documentation (RFC 5737), which leads nowhere.
    for endpoint in ["http://192.0.2.1", "http://127.0.0.1:9"] {
        let mut source = source(
            TOML,
            &[("AWS_EC2_METADATA_DISABLED", ""), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)],
        );
        let start = Instant::now();
        source.error(ErrorKind::NeedsLogin);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
    let silent = Stub::start(|_| Reply::Silence);
    let mut source = source(
        TOML,
        &[
            ("AWS_EC2_METADATA_DISABLED", ""),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.address()),
        ],
    );
    let start = Instant::now();
    source.error(ErrorKind::NeedsLogin);
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(silent.requests().len(), 1);
}

/// A profile with an SSO session in the form of `aws configure sso`, whose token ends at `end`.
fn sso(source: &Source, end: &str) {
    source.file(
        ".aws/config",
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
         region = us-east-1\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example.com\n",
    );
    // The name is the SHA-1 of `corp`.
    source.file(
        ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
        &json!({ "accessToken": "canary-token", "expiresAt": end, "region": "us-east-1",
                 "startUrl": "https://corp.example.com" })
        .to_string(),
    );
}

fn sso_portal(status: u16) -> Stub {
    Stub::start(move |_| match status {
        200 => Reply::json(
            200,
            &json!({ "roleCredentials": {
                "accessKeyId": "ASIA1", "secretAccessKey": "canary-secret",
                "sessionToken": "canary-session", "expiration": 2_208_988_800_000_u64,
            } }),
        ),
        401 => Reply::new(
            401,
            &["x-amzn-errortype: UnauthorizedException", "Content-Type: application/json"],
            r#"{"message":"Session token not found or invalid"}"#,
        ),
        status => Reply::new(
            status,
            &["x-amzn-errortype: ForbiddenException", "Content-Type: application/json"],
            r#"{"message":"No access"}"#,
        ),
    })
}

#[test]
fn an_sso_session() {
    let moto = credulous();
    let portal = sso_portal(200);
    let variables =
        [("AWS_ENDPOINT_URL", moto.address()), ("AWS_ENDPOINT_URL_SSO", portal.address())];
    let mut source = Source::new("secret_id = 'plain'\naws_profile = 'dev'", &variables);
    sso(&source, "2040-01-01T00:00:00Z");
    assert_eq!(source.key(), KEY);
    assert_eq!(source.key(), KEY);
    let requests = portal.requests();
    assert_eq!(requests.len(), 1, "kept until their end");
    assert!(requests[0].line.starts_with("GET /federation/credentials?"), "{requests:?}");

    // The session's own end is of no matter for credentials that live.
    sso(&source, "2020-01-01T00:00:00Z");
    assert_eq!(source.key(), KEY);
    source.renewal = None;
    let error = source.error(ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "the sso session of profile `dev` has ended, or never began");
    assert_eq!(error.hint(), Some("run `aws sso login --profile dev`"));
}

#[test]
fn an_sso_session_that_the_portal_refuses() {
    for (status, kind) in [(401, ErrorKind::NeedsLogin), (403, ErrorKind::Denied)] {
        let portal = sso_portal(status);
        let variables = [("AWS_ENDPOINT_URL_SSO", portal.address()), ("AWS_REGION", "us-east-1")];
        let mut source = Source::new("secret_id = 'plain'\naws_profile = 'dev'", &variables);
        sso(&source, "2040-01-01T00:00:00Z");
        let error = source.error(kind);
        if kind == ErrorKind::NeedsLogin {
            assert_eq!(error.hint(), Some("run `aws sso login --profile dev`"));
        }
        assert_eq!(portal.requests().len(), 1);
    }
}

#[test]
fn no_sso_session_yet() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'dev'", &[]);
    source.file(
        ".aws/config",
        "[profile dev]\nsso_start_url = https://corp.example.com\nsso_region = us-east-1\n\
         sso_account_id = 123456789012\nsso_role_name = dev\n",
    );
    let error = source.error(ErrorKind::NeedsLogin);
    assert_eq!(error.hint(), Some("run `aws sso login --profile dev`"));
}

#[test]
fn a_login_of_the_console() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'dev'", &[]);
    let config = "[profile dev]\nlogin_session = arn:aws:iam::123456789012:user/ann\n";
    source.file(".aws/config", config);
    let error = source.error(ErrorKind::Misconfigured);
    let message = "profile `dev` logs in by `aws login`, which is not supported";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().contains("aws configure export-credentials"), "{error:?}");
}
