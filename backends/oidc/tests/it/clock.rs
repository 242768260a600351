//! What time the provider says it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OidcProvider, Stub};

use crate::common::Source;

const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

#[test]
#[expect(clippy::disallowed_methods, reason = "a real provider has the real time")]
fn provider_clock_is_known_without_a_sign_in() {
    let provider = OidcProvider::new();
    let said = Source::of(&provider, "").server_time().unwrap().expect("a time");
    let off = SystemTime::now().duration_since(said).unwrap_or_else(|late| late.duration());
    assert!(off < Duration::from_secs(30), "{off:?}");
}

#[test]
fn provider_clock_is_read_from_any_answer() {
    let stub = Stub::start(|_| Reply::new(405, &[DATE, "Age: 3"], "not so"));
    let address = stub.address();
    let by_hand = format!(
        "device_authorization_endpoint = '{address}/device'\ntoken_endpoint = '{address}/token'\n\
         key = 'access_token'"
    );
    for toml in [format!("issuer = '{address}/realm'"), by_hand] {
        let said = Source::new(&toml).server_time().unwrap();
        assert_eq!(said, Some(UNIX_EPOCH + Duration::from_secs(784_111_780)));
    }
    let lines: Vec<String> = stub.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(lines, ["GET /realm/.well-known/openid-configuration", "GET /token"]);
}
