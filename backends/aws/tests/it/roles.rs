//! Roles: assumed once, and used until their end.

use std::time::Duration;

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{Moto, Stub};
use serde_json::json;

use crate::common::{EXTERNAL_ID, KEY, Source, aws};

fn toml(more: &str) -> String {
    format!("secret_id = 'plain'\nassume_role = {{ arn = '{}'{more} }}", aws().role)
}

#[test]
fn assume_role_with_external_id_keeps_its_session() {
    let mut source = Source::of(&aws().caller, &toml(&format!(", external_id = '{EXTERNAL_ID}'")));
    assert_eq!(source.key(), KEY);
    let kept = source.stored();
    assert_eq!(kept["version"], 1);
    assert!(kept["session"]["session_token"].is_string(), "{kept}");
    // Nothing of the long-lived keys.
    let text = kept.to_string();
    assert!(!text.contains(&aws().caller.id) && !text.contains(&aws().caller.secret), "{text}");
}

#[test]
fn assume_role_that_is_denied_names_the_permission() {
    for (who, id) in [(&aws().caller, "somebody-else"), (&aws().nobody, EXTERNAL_ID)] {
        let mut source = Source::of(who, &toml(&format!(", external_id = '{id}'")));
        let error = source.error(ErrorKind::Denied);
        let message = "aws refused to let the environment assume \
                       `arn:aws:iam::123456789012:role/reading`: User: arn:aws:iam";
        assert!(error.message().starts_with(message), "{error}");
        let hint = error.hint().unwrap().to_string();
        assert!(hint.starts_with("ask for `sts:AssumeRole` on `arn:aws:iam"), "{hint}");
        assert!(hint.ends_with("that the role trusts it, with that external id"), "{hint}");
    }
}

/// STS alone is a stub, so that its requests can be counted; Secrets Manager is real.
struct Counted {
    moto: Moto,
    sts: Stub,
}

/// With sessions that end at `end`.
fn counted(end: &'static str) -> Counted {
    let moto = Moto::start();
    moto.secret("plain", &json!({ "SecretString": KEY }));
    let sts = Stub::start(move |request| {
        let action = if request.text.contains("Action=AssumeRoleWithWebIdentity") {
            "AssumeRoleWithWebIdentity"
        } else {
            "AssumeRole"
        };
        Reply::new(
            200,
            &["Content-Type: text/xml"],
            &format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <{action}Result><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
                 <SecretAccessKey>canary-secret</SecretAccessKey>\
                 <SessionToken>canary-token</SessionToken><Expiration>{end}</Expiration>\
                 </Credentials></{action}Result></{action}Response>"
            ),
        )
    });
    Counted { moto, sts }
}

impl Counted {
    fn source(&self, toml: &str) -> Source {
        Source::new(
            toml,
            &[
                ("AWS_ENDPOINT_URL", self.moto.address()),
                ("AWS_ENDPOINT_URL_STS", self.sts.address()),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "AKIA1"),
                ("AWS_SECRET_ACCESS_KEY", "long-lived"),
                ("TOKEN", "canary-jwt"),
            ],
        )
    }
}

#[test]
fn assume_role_session_is_reused() {
    let counted = counted("2040-01-01T00:00:00Z");
    let mut source = counted.source(
        "secret_id = 'plain'\n[assume_role]\narn = 'arn:aws:iam::123456789012:role/r'\n\
         session_name = 'laptop-7'\nduration = '2h'\nexternal_id = 'x 1'",
    );
    for _ in 0..3 {
        assert_eq!(source.key(), KEY);
    }
    let requests = counted.sts.requests();
    assert_eq!(requests.len(), 1);
    for parameter in ["RoleSessionName=laptop-7", "DurationSeconds=7200", "ExternalId=x%201"] {
        assert!(requests[0].text.contains(parameter), "{}", requests[0].text);
    }
    assert!(requests[0].text.contains("app/api-key-helper"), "{}", requests[0].text);
    assert!(requests[0].text.contains("Credential=AKIA1/"), "{}", requests[0].text);
}

#[test]
fn assume_role_is_repeated_before_the_session_expires() {
    let counted = counted("2040-01-01T00:00:00Z");
    let mut source = counted
        .source("secret_id = 'plain'\nassume_role = { arn = 'arn:aws:iam::123456789012:role/r' }");
    source.key();
    source.set_later(Duration::from_secs(20 * 366 * 24 * 60 * 60));
    source.key();
    assert_eq!(counted.sts.requests().len(), 2);
}

#[test]
fn assume_role_session_is_saved_before_it_is_used() {
    let counted = counted("2040-01-01T00:00:00Z");
    let mut source = counted
        .source("secret_id = 'absent'\nassume_role = { arn = 'arn:aws:iam::123456789012:role/r' }");
    source.error(ErrorKind::NotFound);
    assert_eq!(source.stored()["session"]["access_key_id"], "ASIA1");
    source.error(ErrorKind::NotFound);
    assert_eq!(counted.sts.requests().len(), 1);
}

#[test]
fn assume_role_on_a_full_disk_still_gives_the_key() {
    let counted = counted("2040-01-01T00:00:00Z");
    let mut source = counted
        .source("secret_id = 'plain'\nassume_role = { arn = 'arn:aws:iam::123456789012:role/r' }");
    source.disk = Disk::Full;
    assert_eq!(source.key(), KEY);
}

#[test]
fn rejected_role_session_is_replaced_once() {
    let aws = aws();
    let toml = toml(&format!(", external_id = '{EXTERNAL_ID}'"));
    let mut source = Source::of(&aws.caller, &toml);
    source.key();
    let token = "\"session_token\":\"";
    let stale = source.renewal.as_ref().unwrap().expose().replace(token, &format!("{token}x"));
    source.renewal = Some(stale.as_str().into());
    assert_eq!(source.key(), KEY);
    assert_ne!(source.renewal.as_ref().unwrap().expose(), stale);
}

#[test]
fn web_identity_session_is_reused() {
    let counted = counted("2040-01-01T00:00:00Z");
    let mut source = counted.source(
        "secret_id = 'plain'\n[web_identity]\n\
         role_arn = 'arn:aws:iam::123456789012:role/w'\ntoken = { env = 'TOKEN' }",
    );
    assert_eq!(source.key(), KEY);
    assert_eq!(source.key(), KEY);
    let requests = counted.sts.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].text.contains("WebIdentityToken=canary-jwt"), "{}", requests[0].text);
    assert!(!requests[0].text.to_lowercase().contains("authorization:"), "{}", requests[0].text);

    // From another source, and on to another role.
    let mut source = counted.source(
        "secret_id = 'plain'\nassume_role = { arn = 'arn:aws:iam::123456789012:role/r' }\n\
         [web_identity]\nrole_arn = 'arn:aws:iam::123456789012:role/w'\n\
         token = { source = 'sso' }",
    );
    source.give_source("sso", "jwt-of-sso");
    assert_eq!(source.key(), KEY);
    let requests = counted.sts.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[1].text.contains("WebIdentityToken=jwt-of-sso"), "{}", requests[1].text);
    assert!(requests[2].text.contains("Action=AssumeRole&"), "{}", requests[2].text);
}

#[test]
fn web_identity_works_against_moto() {
    // It is not signed, and so moto must not check.
    let moto = Moto::start();
    moto.secret("plain", &json!({ "SecretString": KEY }));
    let toml = "secret_id = 'plain'\n[web_identity]\n\
                role_arn = 'arn:aws:iam::123456789012:role/w'\ntoken = { env = 'TOKEN' }";
    let variables =
        [("AWS_ENDPOINT_URL", moto.address()), ("AWS_REGION", "us-east-1"), ("TOKEN", "jwt")];
    let mut source = Source::new(toml, &variables);
    assert_eq!(source.key(), KEY);
    assert!(source.stored()["session"]["access_key_id"].is_string());
}

#[test]
fn web_identity_token_refusals_have_kind_and_hint() {
    for (status, code, kind, hint) in [
        (400, "ExpiredTokenException", ErrorKind::NeedsLogin, "`web_identity.token`"),
        (400, "InvalidIdentityToken", ErrorKind::Denied, "trusts the issuer"),
        (403, "AccessDenied", ErrorKind::Denied, "trusts the issuer"),
        (400, "IDPCommunicationError", ErrorKind::Transient, ""),
    ] {
        let sts = Stub::start(move |_| {
            let body = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
                 <Type>Sender</Type><Code>{code}</Code><Message>No.</Message></Error>\
                 </ErrorResponse>"
            );
            Reply::new(status, &["Content-Type: text/xml"], &body)
        });
        let toml = "secret_id = 'plain'\n[web_identity]\n\
                    role_arn = 'arn:aws:iam::123456789012:role/w'\ntoken = { env = 'TOKEN' }";
        let variables = [
            ("AWS_ENDPOINT_URL", sts.address()),
            ("AWS_REGION", "us-east-1"),
            ("TOKEN", "canary-jwt"),
        ];
        let error = Source::new(toml, &variables).error(kind);
        assert!(error.hint().unwrap().to_string().contains(hint), "{code}: {error:?}");
        assert!(!format!("{error:?}").contains("canary-jwt"), "{error:?}");
        assert_eq!(sts.requests().len(), 1, "{code}");
    }
}
