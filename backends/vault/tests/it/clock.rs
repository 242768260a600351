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
fn a_real_server_says_it_even_sealed() {
    let bao = OpenBao::dev();
    for _ in 0..2 {
        let said = source(&[bao.address()]).server_time().unwrap().expect("a time");
        let off = SystemTime::now().duration_since(said).unwrap_or_else(|late| late.duration());
        assert!(off < Duration::from_secs(30), "{off:?}");
        bao.request("PUT", "sys/seal", None);
    }
}

#[test]
fn nobody_is_told_the_token() {
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
fn a_server_may_tell_no_time() {
    let stub = Stub::start(|_| Reply::new(200, &[], "{}"));
    assert_eq!(source(&[stub.address()]).server_time().unwrap(), None);
    let error = source(&["http://127.0.0.1:1"]).server_time().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
}
