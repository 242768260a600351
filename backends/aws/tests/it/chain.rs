//! Every place where the SDK finds credentials, and what is said when there are none.

mod machine;
mod process;
mod sso;

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::Moto;
use integration_tests::servers::moto::AccessKey;
use serde_json::json;

use crate::common::{EXTERNAL_ID, KEY, Source, aws, shown};

const TOML: &str = "secret_id = 'plain'";

/// A source of [`aws`] with keys that have no rights.
fn source(toml: &str, variables: &[(&str, &str)]) -> Source {
    let address = [("AWS_ENDPOINT_URL", aws().moto.address()), ("AWS_REGION", "us-east-1")];
    Source::new(toml, &[&address, variables].concat())
}

/// An AWS that accepts every signature, for credentials that it did not give.
fn credulous() -> Moto {
    let moto = Moto::start();
    moto.secret("plain", &json!({ "SecretString": KEY }));
    moto
}

fn shared(name: &str, AccessKey { id, secret }: &AccessKey) -> String {
    format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}

#[test]
fn aws_credentials_file_gives_credentials() {
    let mut source = source(TOML, &[]);
    source.file(".aws/credentials", &shared("default", &aws().reader));
    assert_eq!(source.key(), KEY);
    assert_eq!(source.renewal, None);
}

#[test]
fn aws_profile_setting_beats_environment_keys() {
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
fn missing_aws_profile_is_misconfigured() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'wrok'", &[]);
    source.file(".aws/config", "[profile work]\nregion = us-east-1\n");
    let error = source.error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "there is no profile `wrok` in the shared files");
    source.file(".aws/config", "[profile work\nregion");
    let error = source.error(ErrorKind::Misconfigured);
    assert!(error.message().contains("shared files of aws cannot be read"), "{error}");
}

#[test]
fn unreadable_aws_config_is_not_a_missing_profile() {
    for (file, other) in [(".aws/config", ".aws/credentials"), (".aws/credentials", ".aws/config")]
    {
        let mut source = source("secret_id = 'plain'\naws_profile = 'work'", &[]);
        source.file(other, "");
        // A folder cannot be read by root either.
        source.file(&format!("{file}/x"), "");
        let error = source.error(ErrorKind::Misconfigured);
        assert!(error.message().contains(&format!("{file}` cannot be read: ")), "{error}");
    }
}

#[test]
fn aws_profile_region_and_role_are_used() {
    let aws = aws();
    let mut source = Source::new(
        "secret_id = 'abroad'\naws_profile = 'abroad'",
        &[("AWS_ENDPOINT_URL", aws.moto.address())],
    );
    let config = format!(
        "[profile abroad]\nregion = eu-west-1\nrole_arn = {}\nexternal_id = {}\n\
         source_profile = base\n",
        aws.role, EXTERNAL_ID,
    );
    source.file(".aws/config", &config);
    source.file(".aws/credentials", &shared("base", &aws.caller));
    assert_eq!(source.key(), "sk-abroad");
    assert!(source.stored()["session"].is_object(), "a role of a profile is kept too");

    source.renewal = None;
    source.file(".aws/credentials", &shared("base", &aws.nobody));
    let error = source.error(ErrorKind::Denied);
    assert!(error.hint().unwrap().to_string().contains("`sts:AssumeRole`"), "{error:?}");
}

#[test]
fn credential_process_gives_credentials() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'work'", &[]);
    let AccessKey { id, secret } = &aws().reader;
    let answer = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    let answer = source.file("answer.json", &answer.to_string());
    let config = format!("[profile work]\ncredential_process = cat '{}'\n", shown(&answer));
    source.file(".aws/config", &config);
    assert_eq!(source.key(), KEY);
    assert_eq!(source.renewal, None);

    let config = "[profile work]\ncredential_process = echo vpn is down >&2; exit 7\n";
    source.file(".aws/config", config);
    let error = source.error(ErrorKind::Transient);
    let message = "the `credential_process` of profile `work` failed (exit status: 7): vpn is down";
    assert_eq!(error.message(), message);
    let hint = "run the command in `~/.aws/config` of profile `work` by hand";
    assert_eq!(error.hint(), Some(&hint.into()));
}

#[test]
fn web_identity_token_file_gives_credentials() {
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
    assert!(source.stored()["session"].is_object());
    drop(token);
    assert_eq!(source.key(), KEY, "the session lives on");
    source.renewal = None;
    let error = source.error(ErrorKind::Misconfigured);
    assert_eq!(
        error.hint(),
        Some(&"renew the file that `AWS_WEB_IDENTITY_TOKEN_FILE` names".into())
    );
}

#[test]
fn aws_config_without_home_is_not_searched_in_the_current_folder() {
    for home in ["", "."] {
        let error = source(TOML, &[("HOME", home)]).error(ErrorKind::NeedsLogin);
        assert_eq!(error.message(), "there are no aws credentials");
        let variables = [("HOME", home), ("AWS_CONFIG_FILE", "~/config")];
        let error = source(TOML, &variables).error(ErrorKind::Misconfigured);
        let message = "the variable `AWS_CONFIG_FILE` is `~/config`, and there is no home folder";
        assert_eq!(error.message(), message);
    }
}

#[test]
fn missing_aws_credentials_need_login() {
    let error = source(TOML, &[]).error(ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "there are no aws credentials");
    assert!(error.hint().unwrap().to_string().contains("`aws configure sso`"), "{error:?}");
}

#[test]
fn aws_profile_variable_without_its_profile_needs_login() {
    let error = source(TOML, &[("AWS_PROFILE", "wrok")]).error(ErrorKind::NeedsLogin);
    let message = "there are no aws credentials from profile `wrok`, which is not there";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().to_string().contains("list-profiles"), "{error:?}");
}

#[test]
fn aws_profile_with_login_session_is_misconfigured() {
    let mut source = source("secret_id = 'plain'\naws_profile = 'dev'", &[]);
    let config = "[profile dev]\nlogin_session = arn:aws:iam::123456789012:user/ann\n";
    source.file(".aws/config", config);
    let error = source.error(ErrorKind::Misconfigured);
    let message = "profile `dev` logs in by `aws login`, which is not supported";
    assert_eq!(error.message(), message);
    assert!(
        error.hint().unwrap().to_string().contains("aws configure export-credentials"),
        "{error:?}"
    );
}
