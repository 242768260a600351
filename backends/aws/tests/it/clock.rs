//! What time AWS says it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::Stub;
use integration_tests::servers::stub::Reply;

use crate::common::{Source, aws};

#[test]
fn aws_clock_is_read_from_a_refusal() {
    let said = Source::of(&aws().reader, "secret_id = 'plain'").server_time().unwrap();
    let said = said.expect("a time");
    let off = SystemTime::now().duration_since(said).unwrap_or_else(|late| late.duration());
    assert!(off < Duration::from_secs(30), "{off:?}");
}

#[test]
fn aws_clock_request_is_not_signed() {
    let stub = Stub::start(|_| {
        let refusal = r#"{"__type":"MissingAuthenticationTokenException"}"#;
        Reply::new(400, &["Date: Sun, 06 Nov 1994 08:49:37 GMT"], refusal)
    });
    let said = Source::at(stub.address(), &aws().reader, "secret_id = 'plain'").server_time();
    assert_eq!(said.unwrap(), Some(UNIX_EPOCH + Duration::from_secs(784_111_777)));
    let [request] = &stub.requests()[..] else { panic!("{:?}", stub.requests()) };
    assert!(request.text.contains("secretsmanager.GetRandomPassword"), "{}", request.text);
    assert!(!request.text.to_lowercase().contains("authorization"), "{}", request.text);
}

#[test]
fn aws_clock_of_an_unreachable_server_is_transient() {
    let mut nobody = Source::at("http://127.0.0.1:1", &aws().reader, "secret_id = 'plain'");
    let error = nobody.server_time().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
}
