use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::ErrorKind;

use super::*;
use crate::answer::Answer;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn settings() -> Settings {
    Settings::for_tests()
}

fn grant(rest: &str) -> Grant {
    let body = format!(r#"{{"access_token":"at","expires_in":60{rest}}}"#);
    Grant::read(&Answer::for_tests(200, &body), &settings()).unwrap()
}

fn signed_in(rest: &str) -> Renewal {
    Renewal::signed_in(&settings(), &grant(rest), Endpoints::default(), at(1_000))
}

fn error(renewal: &Renewal, now: u64) -> Error {
    renewal.refresh_token(&settings(), at(now)).unwrap_err()
}

#[test]
fn refresh_token_state_roundtrips() {
    let alive = signed_in(r#","refresh_token":"hunter2","refresh_expires_in":9"#);
    for renewal in [signed_in(""), alive.with_answer_lost(), alive.ended(at(2_000)), alive.clone()]
    {
        assert_eq!(Renewal::read(&renewal.to_secret()), Some(renewal));
    }
    assert!(!format!("{alive:?}").contains("hunter2"));
}

#[test]
fn refresh_token_state_of_another_format_is_none() {
    let newer = signed_in("").to_secret().expose().replace("\"version\":1", "\"version\":2");
    for text in ["", "1//refresh-token", "{}", "[]", &newer] {
        assert_eq!(Renewal::read(&Secret::from(text)), None, "{text}");
    }
}

#[test]
fn expired_or_revoked_refresh_token_needs_login() {
    let settings = settings();
    let alive = signed_in(r#","refresh_token":"r","refresh_expires_in":100"#);
    assert_eq!(alive.refresh_token(&settings, at(1_099)).unwrap().expose(), "r");
    let ended = alive.ended(at(1_700_000_000));
    for (renewal, says) in [
        (&alive, "ended at 1970-01-01 00:18 UTC"),
        (&ended, "the provider refused it at 2023-11-14 22:13 UTC"),
        (&signed_in(""), "it has no refresh token"),
    ] {
        let error = error(renewal, 1_100);
        assert_eq!(error.kind(), ErrorKind::NeedsLogin);
        assert!(error.message().contains(says), "{error}");
        assert!(error.hint().unwrap().to_string().contains("`api-key-helper login --source sso`"));
    }
}

#[test]
fn rotated_refresh_token_replaces_the_sent_one() {
    let settings = settings();
    let first = signed_in(r#","refresh_token":"r1","scope":"openid offline_access a""#);
    let kept = first.with_answer_lost().refreshed(&settings, &grant(""), at(2_000));
    assert_eq!(kept, first, "nothing new, but an answer");
    let rotated = first.refreshed(&settings, &grant(r#","refresh_token":"r2""#), at(2_000));
    assert_eq!(rotated.refresh_token(&settings, at(2_000)).unwrap().expose(), "r2");
    let narrower = first.refreshed(&settings, &grant(r#","scope":"b""#), at(2_000));
    assert_eq!(narrower.scopes, ["b", "offline_access", "openid"]);
}

#[test]
fn scope_that_was_not_granted_is_named() {
    let asked = ["openid", "offline_access", "models", "api://x/.default"].map(str::to_owned);
    let missing = |rest: &str| {
        let settings = Settings { scopes: asked.to_vec(), ..settings() };
        let renewal = Renewal::signed_in(&settings, &grant(rest), Endpoints::default(), at(1_000));
        renewal.sign_in(&asked).missing_scopes
    };
    // Not a word about scopes means: all of them.
    assert_eq!(missing(""), [""; 0]);
    assert_eq!(missing(r#","scope":"openid models""#), ["offline_access"]);
    assert_eq!(missing(r#","scope":"models","refresh_token":"r""#), ["openid"]);
    assert_eq!(missing(r#","scope":"api://x/use","refresh_token":"r","id_token":"i""#), ["models"]);
}

#[test]
fn sign_in_expires_at_is_the_refresh_tokens() {
    let end = |renewal: &Renewal| renewal.sign_in(&[]).expires_at;
    let alive = signed_in(r#","refresh_token":"r""#);
    assert_eq!(end(&alive), None);
    assert_eq!(end(&signed_in("")), Some(at(1_060)));
    assert_eq!(end(&alive.ended(at(5_000))), Some(at(5_000)));
}
