//! Credentials of a sign-in by `aws sso login`.

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::Stub;
use integration_tests::servers::stub::Reply;
use serde_json::json;

use super::{credulous, source};
use crate::common::{KEY, Source};

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
fn sso_session_gives_credentials() {
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
    assert_eq!(error.hint(), Some(&"run `aws sso login --profile dev`".into()));
}

#[test]
fn sso_session_refused_by_the_portal_needs_login_or_is_denied() {
    for (status, kind) in [(401, ErrorKind::NeedsLogin), (403, ErrorKind::Denied)] {
        let portal = sso_portal(status);
        let variables = [("AWS_ENDPOINT_URL_SSO", portal.address()), ("AWS_REGION", "us-east-1")];
        let mut source = Source::new("secret_id = 'plain'\naws_profile = 'dev'", &variables);
        sso(&source, "2040-01-01T00:00:00Z");
        let error = source.error(kind);
        if kind == ErrorKind::NeedsLogin {
            assert_eq!(error.hint(), Some(&"run `aws sso login --profile dev`".into()));
        }
        assert_eq!(portal.requests().len(), 1);
    }
}

#[test]
fn missing_sso_session_needs_login() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'dev'", &[]);
    source.file(
        ".aws/config",
        "[profile dev]\nsso_start_url = https://corp.example.com\nsso_region = us-east-1\n\
         sso_account_id = 123456789012\nsso_role_name = dev\n",
    );
    let error = source.error(ErrorKind::NeedsLogin);
    assert_eq!(error.hint(), Some(&"run `aws sso login --profile dev`".into()));
}
