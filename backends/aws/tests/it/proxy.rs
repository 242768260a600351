//! Proxies are named by the process's own environment, so these tests run as processes of their own.

use std::env;
use std::process::Command;

use api_key_helper_core::ErrorKind;
use integration_tests::servers::Stub;
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::Reply;

use crate::common::{KEY, Source};

/// Runs the test `name` of this module once more, in a process with `proxy` for everything.
fn run_again(name: &str, proxy: &Stub) {
    let mut test = Command::new(env::current_exe().unwrap());
    test.args(["--exact", &format!("proxy::{name}")]).env(IS_PROXIED, "1");
    for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        test.env_remove(variable.to_lowercase()).env(variable, proxy.address());
    }
    test.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    let output = test.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Whether this is the process with the proxy.
fn is_proxied() -> bool {
    env::var_os(IS_PROXIED).is_some()
}

const IS_PROXIED: &str = "TEST_IS_PROXIED";

#[test]
fn aws_is_asked_through_the_proxy() {
    if is_proxied() {
        return ask_aws();
    }
    let proxy = Stub::start(|_| Reply::new(403, &[], "<html>No</html>"));
    run_again("aws_is_asked_through_the_proxy", &proxy);
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].line, "CONNECT secretsmanager.eu-west-1.amazonaws.com:443");
}

fn ask_aws() {
    assert!(env::var_os("HTTPS_PROXY").is_some(), "nothing leaves this machine");
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
    ];
    let error = Source::new("secret_id = 'plain'", &variables).error(ErrorKind::Transient);
    assert!(error.message().starts_with("cannot reach aws secrets manager in `eu-west-1`"));
}

#[test]
fn this_machine_is_not_asked_through_the_proxy() {
    if is_proxied() {
        return ask_this_machine();
    }
    let proxy = Stub::start(|_| Reply::new(403, &[], "<html>No</html>"));
    run_again("this_machine_is_not_asked_through_the_proxy", &proxy);
    assert_eq!(proxy.requests().len(), 0);
}

fn ask_this_machine() {
    let stub = Stub::start(|_| {
        let body = serde_json::json!({ "SecretString": KEY }).to_string();
        Reply::new(200, &["Content-Type: application/x-amz-json-1.1"], &body)
    });
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    assert_eq!(Source::at(stub.address(), &who, "secret_id = 'plain'").key(), KEY);
}
