//! What time the endpoint says it is.

use std::time::{Duration, SystemTime};

use integration_tests::servers::TokenEndpoint;

use crate::common::bearer;

#[test]
#[expect(clippy::disallowed_methods, reason = "a real endpoint has the real time")]
fn token_endpoint_clock_is_known() {
    let endpoint = TokenEndpoint::new();
    let said = bearer(&endpoint, "").server_time().unwrap().expect("a time");
    let off = SystemTime::now().duration_since(said).unwrap_or_else(|late| late.duration());
    assert!(off < Duration::from_secs(30), "{off:?}");
}
