//! What a source's table may say, and what an error about it says.

use std::collections::BTreeSet;
use std::path::Path;

use api_key_helper_backend::{Error, ErrorKind, SourceTable, Variables};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf";

fn built(toml: &str) -> Result<SourceTable, Error> {
    let table = SourceTable::from_toml("s", toml, Path::new("/etc/x"), Variables::new())?;
    api_key_helper_aws::build(&table)?;
    Ok(table)
}

/// The error of a table that is wrong.
fn error(toml: &str) -> Error {
    let error = built(toml).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    error
}

fn with(toml: &str) -> String {
    format!("secret_id = 'prod/anthropic'\n{toml}")
}

#[test]
fn invalid_aws_settings_name_their_line() {
    let role = "arn = 'arn:aws:iam::123456789012:role/r'";
    for (toml, message) in [
        (String::new(), "`secret_id` is missing"),
        (with("feild = 'k'"), "config.toml:2:1: `source.s.feild`: unknown key"),
        ("secret_id = ''".to_owned(), "config.toml:1:1: `source.s.secret_id`"),
        ("secret_id = 'arn:aws:ssm:a:1:x'".to_owned(), "is not the ARN of a secret"),
        (with("region = 'EU-West-1'"), "`EU-West-1` is not a region"),
        (format!("secret_id = '{ARN}'\nregion = 'us-east-1'"), "names a secret in `eu-west-1`"),
        (with("endpoint = 'vpce-1'"), "`source.s.endpoint`: `vpce-1` is not an address"),
        (with("endpoint = 'vpce:1'"), "`source.s.endpoint`: it is not an address of a server"),
        (
            with("endpoint = 'ftp://u:1/hunter2@vpce'"),
            "`source.s.endpoint`: it is not an address of a server",
        ),
        (
            with("endpoint = 'ftp://u:/hunter2@vpce'"),
            "`source.s.endpoint`: an address must not contain a user",
        ),
        (
            with("endpoint = 'https://u:hunter2@vpce'"),
            "`source.s.endpoint`: an address must not contain a user",
        ),
        (
            with("endpoint = 'u:hunter2@vpce'"),
            "`source.s.endpoint`: an address must not contain a user",
        ),
        (with("aws_profile = ' '"), "`source.s.aws_profile`"),
        (with("field = ''"), "`source.s.field`"),
        (with("version_stage = ''"), "`source.s.version_stage`"),
        (with("rotation_aware = 'yes'"), "`source.s.rotation_aware`"),
        (with("assume_role = { arn = 'r' }"), "`source.s.assume_role`: `r` is not the ARN"),
        (with("assume_role = { arn = 'arn:aws:iam::1:user/a' }"), "is not the ARN of a role"),
        (with("assume_role = {}"), "`arn` is missing"),
        (with(&format!("assume_role = {{ {role}, name = 'x' }}")), "unknown key `name`"),
        (with(&format!("assume_role = {{ {role}, duration = '5m' }}")), "from `15m` to `12h`"),
        (with(&format!("assume_role = {{ {role}, duration = '13h' }}")), "from `15m` to `12h`"),
        (with(&format!("assume_role = {{ {role}, session_name = 'a b' }}")), "`session_name`"),
        (
            with("web_identity = { role_arn = 'r', token = { env = 'T' } }"),
            "`source.s.web_identity`",
        ),
        (with("web_identity = { token = { env = 'T', file = 't' } }"), "exactly one"),
        (
            with(
                "aws_profile = 'a'\n[web_identity]\nrole_arn = 'arn:aws:iam::1:role/r'\n\
                 token = { env = 'T' }",
            ),
            "`source.s.aws_profile`: with `web_identity`",
        ),
    ] {
        let error = error(&toml);
        assert!(error.message().contains(message), "{error} has no {message}");
    }
}

#[test]
fn aws_settings_error_shows_no_secret() {
    for toml in [
        "web_identity = { role_arn = 'r', token = 'hunter2' }",
        "web_identity = { role_arn = 'r', token = { value = 'hunter2' } }",
        "web_identity = 'hunter2'",
        "assume_role = 'hunter2'",
    ] {
        let error = error(&with(toml));
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn aws_settings_record_the_variables_they_read() {
    let reads = |toml: &str| built(toml).unwrap().reads();
    let has = |toml: &str, name: &str| {
        let reads = reads(toml);
        reads.selectors.contains(name) || reads.variables.contains(name)
    };
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "HOME",
    ] {
        assert!(has(&with(""), name), "{name}");
    }
    // Whose key it is. What only authenticates us is not among them.
    let selectors: Vec<String> = reads(&with("")).selectors.into_iter().collect();
    let expected = [
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_SHARED_CREDENTIALS_FILE",
    ];
    assert_eq!(selectors, expected);
    // What has no part in the answer must not make a cached one invalid.
    assert!(!has(&with("region = 'eu-west-1'"), "AWS_REGION"));
    assert!(!has(&with("aws_profile = 'work'"), "AWS_PROFILE"));
    assert!(!has(&with("aws_profile = 'work'"), "AWS_ACCESS_KEY_ID"));
    let endpoint = with("endpoint = 'https://vpce.example.com'");
    assert!(!has(&endpoint, "AWS_ENDPOINT_URL_SECRETS_MANAGER"));
    let web = with(
        "[web_identity]\nrole_arn = 'arn:aws:iam::123456789012:role/r'\ntoken = { source = 'sso' }",
    );
    assert!(!has(&web, "AWS_SESSION_TOKEN") && !has(&web, "AWS_ROLE_ARN"));
    assert_eq!(reads(&web).sources, BTreeSet::from(["sso".to_owned()]));
}

#[test]
fn aws_page_policies_are_valid_json() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/backends/aws.md");
    let page = std::fs::read_to_string(page).unwrap();
    let policies: Vec<&str> =
        page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!policies.is_empty());
    for policy in policies {
        let policy: serde_json::Value = serde_json::from_str(policy).expect(policy);
        assert_eq!(policy["Version"], "2012-10-17");
        assert!(policy["Statement"].as_array().is_some_and(|statements| !statements.is_empty()));
    }
}
