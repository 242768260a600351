//! Sources behind real servers, and servers with wrong clocks.

use integration_tests::home::Home;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OidcProvider, OpenBao, Stub};
use serde_json::json;

use crate::setup::{Report, Setup};

fn vault(address: &str) -> Setup {
    let home = Home::new();
    home.configure(&format!(
        "[profile.work]\nsources = [\"vault\"]\nretries = 0\n\n[source.vault]\nbackend = \"vault\"\n\
         address = \"{address}\"\npath = \"anthropic\"\nauth = {{ method = \"token\", \
         token = {{ file = \"token\" }} }}\n"
    ));
    home.write(".config/api-key-helper/token", "root");
    Setup::of(home)
}

#[test]
fn doctor_reports_vault_answering_refusing_and_sealed() {
    let bao = OpenBao::dev();
    bao.write("secret/data/anthropic", &json!({ "data": { "key": "sk-vault" } }));
    let setup = vault(bao.address());
    let report = setup.examine();
    report.assert("source-answers", "ok", &["`vault` gave a key"]);
    report.assert("clock-skew", "ok", &["agrees with"]);
    report.assert_well();

    setup.home.write(".config/api-key-helper/token", "s.bogus");
    let report = setup.examine();
    report.assert("source-answers", "error", &["`vault` gave no key"]);
    report.assert("clock-skew", "ok", &[]);

    setup.home.write(".config/api-key-helper/token", "root");
    bao.request("PUT", "sys/seal", None);
    setup.examine().assert("source-answers", "error", &["is sealed"]);
    bao.kill();
    let report = setup.examine();
    report.assert("source-answers", "error", &["cannot reach vault"]);
    report.assert_absent("clock-skew");
}

#[test]
fn doctor_warns_of_clock_skew_with_the_server() {
    let answer = json!({ "request_id": "r", "data": { "data": { "k": "sk-stub" } } });
    let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
    let stub = Stub::start(move |_| Reply::new(200, &[date], &answer.to_string()));
    let report = vault(stub.address()).examine();
    report.assert("clock-skew", "warning", &["ahead of that of the server of `vault`", "set it"]);
}

#[test]
fn doctor_reports_a_missing_oidc_sign_in() {
    let provider = OidcProvider::new();
    let home = Home::new();
    home.configure(&format!(
        "[profile.work]\nsources = [\"sso\"]\n\n[source.sso]\nbackend = \"oidc\"\n\
         issuer = \"{}\"\nclient_id = \"helper\"\n",
        provider.issuer()
    ));
    let report = Setup::of(home).examine();
    report.assert("source-answers", "error", &["`sso` gave no key", "api-key-helper login"]);
    report.assert("clock-skew", "ok", &[]);
}

#[test]
fn doctor_reports_clock_skew_with_aws_as_an_error() {
    let answer = json!({ "SecretString": "sk-aws", "VersionStages": ["AWSCURRENT"] });
    let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
    let stub = Stub::start(move |_| Reply::new(200, &[date], &answer.to_string()));
    let home = Home::new();
    home.configure(
        "[profile.main]\nsources = [\"aws\"]\n\n[source.aws]\nbackend = \"aws\"\n\
         secret_id = \"anthropic\"\n",
    );
    let setup = Setup::of(home);
    let call = setup
        .call()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", stub.address())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    let report = Report::of(&call);
    report.assert("source-answers", "ok", &[]);
    report.assert("clock-skew", "error", &["off by 5 min"]);
}
