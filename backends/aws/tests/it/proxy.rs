//! Proxies that the environment names.

use std::time::Duration;

use api_key_helper_backend::{Error, ErrorKind};
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::tls::{Authority, TlsFront};
use integration_tests::servers::{Stub, Tunnel};

use crate::common::{KEY, Source};

/// The error of a source that asks the real AWS, where these variables are set.
fn error(variables: &[(&str, &str)], kind: ErrorKind) -> Error {
    assert!(variables[0].0.to_uppercase().ends_with("_PROXY"), "nothing leaves this machine");
    let who = [
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
    ];
    Source::new("secret_id = 'plain'", &[variables, &who].concat()).error(kind)
}

fn proxy(status: u16) -> Stub {
    Stub::start(move |_| Reply::new(status, &[], "<html>No</html>"))
}

#[test]
fn proxy_403_or_407_of_aws_is_named() {
    for (status, kind) in [(403, ErrorKind::Transient), (407, ErrorKind::Misconfigured)] {
        let proxy = proxy(status);
        let error = error(&[("HTTPS_PROXY", proxy.address())], kind);
        let host = proxy.address().trim_start_matches("http://");
        let message = format!(
            "cannot reach aws secrets manager in `eu-west-1` (through the proxy `{host}` of \
             `HTTPS_PROXY`): the proxy answered {status}"
        );
        assert!(error.message().starts_with(&message), "{error}");
        let requests = proxy.requests();
        assert_eq!(requests[0].line, "CONNECT secretsmanager.eu-west-1.amazonaws.com:443");
    }
}

#[test]
fn no_proxy_of_another_port_is_asked_through_the_proxy() {
    let proxy = proxy(502);
    let list = "secretsmanager.eu-west-1.amazonaws.com:444,*.us-east-1.amazonaws.com";
    error(&[("ALL_PROXY", proxy.address()), ("NO_PROXY", list)], ErrorKind::Transient);
    assert!(!proxy.requests().is_empty());
}

#[test]
fn unusable_proxy_variable_is_named_and_nothing_is_sent() {
    for (name, value) in [("ALL_PROXY", "socks5h://127.0.0.1:1"), ("HTTPS_PROXY", "http://[bad")] {
        let error = error(&[(name, value)], ErrorKind::Misconfigured);
        let message = format!("the variable `{name}` is not a usable proxy: ");
        assert!(error.message().starts_with(&message), "{error}");
        assert!(
            error.hint().unwrap().to_string().contains(&format!("`unset {name}`")),
            "{error:?}"
        );
    }
}

#[test]
fn unreachable_proxy_is_named() {
    let error = error(&[("https_proxy", "127.0.0.1:1")], ErrorKind::Transient);
    let words = "(through the proxy `127.0.0.1:1` of `https_proxy`): Connection refused";
    assert!(error.message().contains(words), "{error}");
}

#[test]
fn loopback_bypasses_the_proxy() {
    let proxy = proxy(403);
    let stub = Stub::start(|_| {
        let body = serde_json::json!({ "SecretString": KEY }).to_string();
        Reply::new(200, &["Content-Type: application/x-amz-json-1.1"], &body)
    });
    let variables = [
        ("HTTPS_PROXY", proxy.address()),
        ("HTTP_PROXY", proxy.address()),
        ("ALL_PROXY", "socks5://unusable"),
        ("AWS_ENDPOINT_URL", stub.address()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
    ];
    assert_eq!(Source::new("secret_id = 'plain'", &variables).key(), KEY);
    assert_eq!(proxy.requests().len(), 0);
}

#[test]
fn aws_answer_with_many_http_headers_is_read_up_to_a_limit() {
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let answering = |headers: usize, length: usize| {
        let stub = Stub::start(move |_| {
            let header = |index| format!("X-Gateway-{index}: {}", "v".repeat(length));
            let mut headers: Vec<String> = (0..headers).map(header).collect();
            headers.push("Content-Type: application/x-amz-json-1.1".to_owned());
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let body = serde_json::json!({ "SecretString": KEY }).to_string();
            Reply::new(200, &headers, &body)
        });
        Source::at(stub.address(), &who, "secret_id = 'plain'").fetch()
    };
    assert_eq!(answering(150, 1).unwrap().key.expose(), KEY);
    assert_eq!(answering(1_000, 100).unwrap().key.expose(), KEY);
    assert_eq!(answering(150, 10_000).unwrap_err().kind(), ErrorKind::Transient);
}

#[test]
fn failure_behind_the_tunnel_of_a_proxy_names_the_proxy() {
    let authority = Authority::new();
    let pair = authority.sign("aws", &["subjectAltName=DNS:aws.example.com"]);
    let ca_file = authority.file().display().to_string();
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"SecretString\":\"sk-";
    let compressed =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\0";
    type Answer = fn(&str, &[u8]) -> Reply;
    let answers: [(Answer, &str); 3] = [
        (|cut, _| Reply::Bytes(cut.to_owned()), "broke off its response: "),
        (
            |_, compressed| Reply::Binary(compressed.to_vec()),
            "sent a response in the encoding `gzip`",
        ),
        (|_, _| Reply::Silence, "did not answer in time"),
    ];
    for (answer, why) in answers {
        let stub = Stub::start(move |_| answer(cut, compressed));
        let front = TlsFront::to(stub.address(), &pair);
        let proxy = Tunnel::to(front.port());
        let mut source = Source::new(
            "secret_id = 'plain'\nendpoint = 'https://aws.example.com'",
            &[
                ("HTTPS_PROXY", proxy.address()),
                ("AWS_CA_BUNDLE", &ca_file),
                ("AWS_ACCESS_KEY_ID", "AKIA1"),
                ("AWS_REGION", "eu-west-1"),
                ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
            ],
        );
        source.time = Duration::from_secs(3);
        let error = source.error(ErrorKind::Transient);
        let host = proxy.address().trim_start_matches("http://");
        let message = format!(
            "aws secrets manager at `https://aws.example.com` (through the proxy `{host}` of \
             `HTTPS_PROXY`) {why}"
        );
        assert!(error.message().starts_with(&message), "{error}");
        assert_eq!(stub.requests().len(), 1);
    }
}
