//! Refusals, and servers that are not what they seem.

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use api_key_helper_backend::{Error, ErrorKind};
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OpenBao, Stub};

use crate::common::{Source, aws};

fn error(who: &AccessKey, toml: &str, kind: ErrorKind) -> Error {
    Source::of(who, toml).error(kind)
}

/// The error of an AWS that answers everything so.
fn answered(kind: ErrorKind, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    let stub = Stub::start(move |_| reply());
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let error = Source::at(stub.address(), &who, "secret_id = 'plain'").error(kind);
    assert_eq!(stub.requests().len(), 1, "one attempt is one request");
    error
}

/// What Secrets Manager says when it refuses.
fn refused(kind: ErrorKind, status: u16, code: &'static str, message: &'static str) -> Error {
    answered(kind, move || {
        let body = format!("{{\"__type\":\"com.amazon.x#{code}\",\"message\":\"{message}\"}}");
        Reply::new(status, &["Content-Type: application/x-amz-json-1.1"], &body)
    })
}

#[test]
fn aws_refused_signature_is_misconfigured() {
    let AccessKey { id, .. } = aws().reader.clone();
    let wrong = AccessKey { id, secret: "wrong-canary".to_owned() };
    let error = error(&wrong, "secret_id = 'plain'", ErrorKind::Misconfigured);
    let message = "aws refused the signature of the environment: the secret access key does not \
                   belong to the access key id (this machine's clock is ";
    assert!(error.message().starts_with(message), "{error}");
    assert!(error.hint().unwrap().to_string().contains("`AWS_SECRET_ACCESS_KEY`"), "{error:?}");
}

#[test]
fn aws_clock_skew_is_misconfigured() {
    // As Secrets Manager says it, which repeats the request.
    let message = "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z \
                   x-amz-security-token:canary-token";
    for (later, direction) in [(0, "behind"), (3600, "ahead of")] {
        let stub = Stub::start(move |_| {
            let shift = Duration::from_secs(if later == 0 { 3600 } else { 0 });
            let date = httpdate(SystemTime::now() + shift);
            let body =
                format!("{{\"__type\":\"InvalidSignatureException\",\"message\":\"{message}\"}}");
            let headers = [&*format!("Date: {date}"), "Content-Type: application/x-amz-json-1.1"];
            Reply::new(400, &headers, &body)
        });
        let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
        let mut source = Source::at(stub.address(), &who, "secret_id = 'plain'");
        source.set_later(Duration::from_secs(later));
        let error = source.error(ErrorKind::Misconfigured);
        let said = error.message();
        assert!(said.contains("this machine's clock is ") && said.contains(direction), "{said}");
        assert!(said.contains("59 min 5") || said.contains("60 min"), "{said}");
        assert!(!said.contains("canary"), "{said}");
        assert!(
            error.hint().unwrap().to_string().contains("`sudo timedatectl set-ntp true`"),
            "{error:?}"
        );
    }
}

/// As servers write dates (RFC 9110, section 5.6.7).
fn httpdate(time: SystemTime) -> String {
    aws_smithy_types::DateTime::from(time)
        .fmt(aws_smithy_types::date_time::Format::HttpDate)
        .unwrap()
}

#[test]
fn aws_denied_action_names_the_permission() {
    let error = error(&aws().nobody, "secret_id = 'plain'", ErrorKind::Denied);
    assert!(
        error.message().starts_with("aws refused to read `plain`: User: arn:aws:iam"),
        "{error}"
    );
    let hint = "ask for `secretsmanager:GetSecretValue` on \
                `arn:aws:secretsmanager:us-east-1:*:secret:plain-??????`";
    assert_eq!(error.hint(), Some(&hint.into()));
    let toml = format!("secret_id = '{}'", aws().abroad);
    let error = self::error(&aws().nobody, &toml, ErrorKind::Denied);
    assert!(
        error.hint().unwrap().to_string().ends_with(&format!("on `{}`", aws().abroad)),
        "{error:?}"
    );
}

#[test]
fn kms_refusal_is_denied() {
    for (code, message) in [
        ("AccessDeniedException", "Access to KMS is not allowed"),
        ("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text"),
    ] {
        let error = refused(ErrorKind::Denied, 400, code, message);
        assert!(error.message().contains("kms does not decrypt it: "), "{error}");
        assert!(
            error.hint().unwrap().to_string().contains("`kms:Decrypt` on the key of `arn:"),
            "{error:?}"
        );
    }
}

#[test]
fn missing_aws_secret_is_not_found() {
    let error = error(&aws().reader, "secret_id = 'absent'", ErrorKind::NotFound);
    assert!(error.message().starts_with("aws found nothing to read `absent`"), "{error}");
    let hint = "check `secret_id` and the region: \
                `aws secretsmanager list-secrets --region us-east-1`";
    assert_eq!(error.hint(), Some(&hint.into()));

    let message = "Secrets Manager can't find the specified secret value for staging label: X";
    let error = refused(ErrorKind::NotFound, 400, "ResourceNotFoundException", message);
    assert!(error.hint().unwrap().to_string().contains("list-secret-version-ids"), "{error:?}");
}

#[test]
fn deleted_aws_secret_is_not_found_and_names_restore() {
    let error = error(&aws().reader, "secret_id = 'deleted'", ErrorKind::NotFound);
    assert_eq!(error.message(), "aws refused to read `deleted`: it is marked for deletion");
    let hint = "bring it back: \
                `aws secretsmanager restore-secret --secret-id deleted --region us-east-1`";
    assert_eq!(error.hint(), Some(&hint.into()));
    let message =
        "You can't perform this operation on the secret because it was marked for deletion.";
    refused(ErrorKind::NotFound, 400, "InvalidRequestException", message);
}

#[test]
fn expired_or_unknown_aws_credentials_need_login() {
    let stranger = AccessKey { id: "AKIA0".to_owned(), secret: "canary".to_owned() };
    let error = error(&stranger, "secret_id = 'plain'", ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "aws does not know the credentials of the environment");

    let message = "The security token included in the request is expired";
    let error = refused(ErrorKind::NeedsLogin, 400, "ExpiredTokenException", message);
    assert_eq!(error.message(), "the aws credentials of the environment have expired");
    assert!(error.hint().unwrap().to_string().contains("`AWS_SESSION_TOKEN`"), "{error:?}");
}

#[test]
fn aws_throttling_and_other_codes_have_their_error_kind() {
    let error = refused(ErrorKind::Misconfigured, 400, "ValidationException", "Invalid name.");
    let message = "aws refused to read `plain`: `ValidationException`: Invalid name";
    assert_eq!(error.message(), message);
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "TooManyRequestsException"),
        (500, "InternalServiceError"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
    ] {
        let error = refused(ErrorKind::Transient, status, code, "Later.");
        assert!(error.message().contains(&format!("answered {status} `{code}`: Later")), "{error}");
    }
    let error = answered(ErrorKind::Transient, || {
        Reply::new(503, &["Retry-After: 7"], r#"{"__type":"ServiceUnavailable"}"#)
    });
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn proxy_page_is_not_aws_answer() {
    for status in [200, 302, 400, 403, 404, 407] {
        let error = answered(ErrorKind::Transient, move || {
            Reply::new(status, &["Content-Type: text/html"], "<html>No</html>")
        });
        let said = error.message();
        assert!(said.contains("not as aws does") || said.contains("broke off"), "{status}: {said}");
    }
}

#[test]
fn http_200_of_another_server_is_not_aws_answer() {
    let error = answered(ErrorKind::Transient, || Reply::json(200, &serde_json::json!({})));
    assert_eq!(error.message(), "what was read of `plain` is not from aws");
}

#[test]
fn truncated_aws_answer_is_transient() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 500\r\n\r\n\
         {\"SecretString\":\"sk-canary",
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 25\r\n\r\n\
         {\"SecretString\":\"sk-canary",
        "",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let error = answered(ErrorKind::Transient, || Reply::Bytes(bytes.to_owned()));
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn hanging_aws_ends_within_the_timeout() {
    let stub = Stub::start(|_| Reply::Silence);
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let mut source = Source::at(stub.address(), &who, "secret_id = 'plain'");
    source.time = Duration::from_secs(1);
    let start = Instant::now();
    let error = source.error(ErrorKind::Transient);
    assert!(start.elapsed() < Duration::from_secs(1), "the attempt ends by itself");
    let message = "aws secrets manager in `us-east-1` did not answer in time";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().to_string().contains("`timeout`"), "{error:?}");
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn endpoint_url_with_a_password_in_services_is_refused_and_not_shown() {
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let variables = [
        ("AWS_ACCESS_KEY_ID", &*who.id),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", &who.secret),
        // Nothing leaves this machine.
        ("HTTPS_PROXY", "127.0.0.1:9"),
    ];
    let mut source = Source::new("secret_id = 'plain'", &variables);
    let config = "[default]\nservices = s\n[services s]\nsecrets-manager =\n  \
                  endpoint_url = http://user:canary-password@127.0.0.1:9\n";
    source.file(".aws/config", config);
    let error = source.error(ErrorKind::Misconfigured);
    assert!(
        error.message().ends_with("an address must not contain a user or a password"),
        "{error}"
    );
    assert!(!error.report().contains("canary-password"), "{error:?}");
}

#[test]
fn refused_aws_connection_is_transient() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let error = Source::at(&address, &who, "secret_id = 'plain'").error(ErrorKind::Transient);
    let message = "cannot reach aws secrets manager in `us-east-1`: ";
    assert!(error.message().starts_with(message), "{error}");
    assert!(error.message().to_lowercase().contains("refused"), "{error}");
}

#[test]
fn aws_plain_http_is_loopback_only() {
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let error =
        Source::at("http://192.0.2.1", &who, "secret_id = 'plain'").error(ErrorKind::Misconfigured);
    assert!(error.message().ends_with("without TLS only this machine is asked"), "{error}");
}

#[test]
fn aws_server_without_tls_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    // It speaks no TLS at all.
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            drop(std::io::Write::write_all(&mut &stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        }
    });
    let error = Source::at(&address, &who, "secret_id = 'plain'").error(ErrorKind::Transient);
    assert!(error.message().contains("aws secrets manager in `us-east-1`"), "{error}");
}

/// Any server with an authority of its own will do.
#[test]
fn aws_unknown_certificate_authority_is_misconfigured() {
    let bao = OpenBao::dev_tls();
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let toml = "secret_id = 'plain'";
    let error = Source::at(bao.address(), &who, toml).error(ErrorKind::Misconfigured);
    let message =
        "the certificate of aws secrets manager in `us-east-1` is from an unknown authority";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().to_string().contains("`AWS_CA_BUNDLE`"), "{error:?}");

    // Beside a certificate that is of no use, it is trusted, but it is not AWS.
    let mut bundle = std::fs::read_to_string(bao.ca_file()).unwrap();
    bundle.insert_str(0, "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bundle).unwrap();
    let variables = [
        ("AWS_ACCESS_KEY_ID", &*who.id),
        ("AWS_CA_BUNDLE", &file.path().display().to_string()),
        ("AWS_ENDPOINT_URL", bao.address()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", &who.secret),
    ];
    let error = Source::new(toml, &variables).error(ErrorKind::Transient);
    assert!(error.message().contains("but not as aws does"), "{error}");
}

#[test]
fn aws_ca_bundle_variable_is_read() {
    let who = [("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "canary-secret")];
    let source = |bundle: &str| {
        let variables = [("AWS_CA_BUNDLE", bundle), ("AWS_REGION", "us-east-1")];
        Source::new("secret_id = 'plain'", &[&who[..], &variables].concat())
    };
    let error = source("/nowhere/ca.pem").error(ErrorKind::Misconfigured);
    assert!(error.message().starts_with("cannot read `/nowhere/ca.pem`: "), "{error}");
    assert!(error.hint().unwrap().to_string().contains("`AWS_CA_BUNDLE`"), "{error:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let damaged = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
    for (content, message) in [
        ("", format!("`{path}` contains no certificate in PEM form")),
        (damaged, format!("certificate 1 of `{path}` cannot be used: it is malformed")),
    ] {
        std::fs::write(file.path(), content).unwrap();
        assert_eq!(source(&path).error(ErrorKind::Misconfigured).message(), message);
    }
}
