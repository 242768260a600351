//! What is read, and out of what.

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::Moto;
use integration_tests::servers::moto::{allow, text};
use serde_json::json;

use crate::common::{KEY, Source, aws};

fn key(toml: &str) -> String {
    Source::of(&aws().reader, toml).key()
}

#[test]
fn aws_secret_is_read_as_the_whole_text() {
    let mut source = Source::of(&aws().reader, "secret_id = 'plain'");
    let credential = source.fetch().unwrap();
    assert_eq!(credential.key.expose(), KEY);
    assert_eq!((credential.expires_at, credential.refresh_at), (None, None));
    assert_eq!(credential.renewal, None, "keys that last are not kept");
    assert_eq!(source.renewal, None);
}

#[test]
fn aws_field_is_read_by_name_or_json_pointer() {
    assert_eq!(key("secret_id = 'fields'\nfield = 'api_key'"), KEY);
    assert_eq!(key("secret_id = 'fields'\nfield = 'id'"), "7");
    assert_eq!(key("secret_id = 'fields'\nfield = '/deep/keys/1'"), "sk-deep");

    let mut source = Source::of(&aws().reader, "secret_id = 'fields'");
    let error = source.error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "`fields` is a JSON object");
    assert_eq!(error.hint(), Some(&"set `field` to one of `api_key`, `deep`, `id`".into()));
    let mut source = Source::of(&aws().reader, "secret_id = 'fields'\nfield = 'kye'");
    let error = source.error(ErrorKind::NotFound);
    assert_eq!(error.message(), "`fields` has no field `kye`");
}

#[test]
fn aws_secret_binary_is_read_as_utf8() {
    assert_eq!(key("secret_id = 'binary'"), "sk-binary");
    let error = Source::of(&aws().reader, "secret_id = 'noise'").error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "`noise` is binary, and not UTF-8");
}

#[test]
fn secret_id_arn_of_another_region_is_read() {
    // The environment says us-east-1.
    assert_eq!(key(&format!("secret_id = '{}'", aws().abroad)), "sk-abroad");
    let error = Source::of(&aws().reader, "secret_id = 'abroad'").error(ErrorKind::NotFound);
    assert!(error.hint().unwrap().to_string().contains("--region us-east-1`"), "{error:?}");
    assert_eq!(key("secret_id = 'abroad'\nregion = 'eu-west-1'"), "sk-abroad");
}

#[test]
fn secret_id_arn_region_is_used_without_aws_region() {
    let aws = aws();
    let variables = [
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.moto.address()),
        ("AWS_ACCESS_KEY_ID", &aws.reader.id),
        ("AWS_SECRET_ACCESS_KEY", &aws.reader.secret),
    ];
    let toml = format!("secret_id = '{}'", aws.abroad);
    assert_eq!(Source::new(&toml, &variables).key(), "sk-abroad");

    let error = Source::new("secret_id = 'plain'", &variables).error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "there is no aws region");
}

#[test]
fn aws_endpoint_setting_beats_the_variable() {
    let aws = aws();
    let variables = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", &aws.reader.id),
        ("AWS_SECRET_ACCESS_KEY", &aws.reader.secret),
    ];
    let toml = format!("secret_id = 'plain'\nendpoint = '{}'", aws.moto.address());
    assert_eq!(Source::new(&toml, &variables).key(), KEY);
}

#[test]
fn version_stage_and_version_id_select_the_secret() {
    let moto = Moto::start();
    let reader = moto.user("reader", &[allow("secretsmanager:GetSecretValue")]);
    moto.secret("s", &json!({ "SecretString": "sk-1" }));
    let put = |key: &str, stages: &[&str]| {
        let body = json!({ "SecretId": "s", "SecretString": key, "VersionStages": stages });
        text(&moto.secrets_manager("PutSecretValue", &body), "VersionId")
    };
    let second = put("sk-2", &["AWSCURRENT"]);
    let third = put("sk-3", &["AWSPENDING"]);
    let fourth = put("sk-4", &["canary"]);
    moto.check(true);

    let key =
        |toml: &str| Source::at(moto.address(), &reader, &format!("secret_id = 's'\n{toml}")).key();
    assert_eq!(key(""), "sk-2");
    assert_eq!(key("version_stage = 'AWSCURRENT'"), "sk-2");
    assert_eq!(key("version_stage = 'AWSPREVIOUS'"), "sk-1");
    assert_eq!(key("version_stage = 'AWSPENDING'"), "sk-3");
    assert_eq!(key("version_stage = 'canary'"), "sk-4");
    assert_eq!(key(&format!("version_id = '{second}'")), "sk-2");
    assert_eq!(key(&format!("version_id = '{third}'")), "sk-3");
    assert_eq!(key(&format!("version_id = '{fourth}'\nversion_stage = 'canary'")), "sk-4");

    let missing = format!("secret_id = 's'\nversion_id = '{}'", "0".repeat(36));
    let error = Source::at(moto.address(), &reader, &missing).error(ErrorKind::NotFound);
    assert!(
        error.hint().unwrap().to_string().contains("list-secret-version-ids --secret-id s"),
        "{error:?}"
    );
}
