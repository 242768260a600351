//! What time the server says it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OpenBao, Stub};

use crate::common::Source;

fn source(addresses: &[&str]) -> Source {
    let toml = format!("address = {addresses:?}\npath = 'anthropic'");
    Source::with_variables(&toml, &[("VAULT_TOKEN", "s.canary-hunter2")])
}

#[test]
fn vault_clock_is_known_even_when_sealed() {
    let bao = OpenBao::dev();
    for _ in 0..2 {
        let said = source(&[bao.address()]).server_time().unwrap().expect("a time");
        let off = SystemTime::now().duration_since(said).unwrap_or_else(|late| late.duration());
        assert!(off < Duration::from_secs(30), "{off:?}");
        bao.request("PUT", "sys/seal", None);
    }
}

#[test]
fn vault_clock_request_sends_no_token() {
    let stub = Stub::start(|_| {
        Reply::new(472, &["Date: Sun, 06 Nov 1994 08:49:37 GMT"], "a standby of another cluster")
    });
    let said = source(&["http://127.0.0.1:1", stub.address()]).server_time().unwrap();
    assert_eq!(said, Some(UNIX_EPOCH + Duration::from_secs(784_111_777)));
    let [request] = &stub.requests()[..] else { panic!("{:?}", stub.requests()) };
    assert_eq!(request.line, "GET /v1/sys/health");
    assert!(!request.text.contains("hunter2"), "{}", request.text);
}

#[test]
fn vault_clock_may_be_unknown() {
    let stub = Stub::start(|_| Reply::new(200, &[], "{}"));
    assert_eq!(source(&[stub.address()]).server_time().unwrap(), None);
    let error = source(&["http://127.0.0.1:1"]).server_time().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
}
