//! What a logout says of the backend state that it finds.

use api_key_helper_backend::{ErrorKind, Secret};

use crate::common::source;

const FORM: &str = "grant = 'jwt-bearer'\ntoken_endpoint = 'https://i/t'";

#[test]
fn logout_with_own_backend_state_revokes_nothing() {
    let mut source = source(FORM);
    source.revoke().unwrap();
    let note = r#"{"version":1,"token":null,"is_refused":false}"#;
    source.renewal = Some(Secret::from(note));
    source.revoke().unwrap();
}

#[test]
fn logout_with_backend_state_of_another_backend_is_an_error() {
    for other in [
        r#"{"version":1,"standing":{"alive":{"refresh_token":"hunter2"}}}"#,
        r#"{"version":1,"token":{"secret":"hunter2"}}"#,
        r#"{"version":1,"session":{"session_token":"hunter2"}}"#,
        r#"["hunter2"]"#,
    ] {
        let mut source = source(FORM);
        source.renewal = Some(Secret::from(other));
        let error = source.revoke().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{other}");
        assert!(error.message().contains("came of another `backend`"), "{error}");
        assert!(!error.report().contains("hunter2"), "{error}");
    }
}
