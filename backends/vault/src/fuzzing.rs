//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::field::Field;
use api_key_helper_backend::{Error, Key, SHOWN_LENGTH, Secret};
use zeroize::Zeroizing;

use crate::answer::{Answer, Verdict};
use crate::renewal::{Renewal, Token, end};
use crate::target::{Engine, Target};

/// An answer is a key that may be printed, or an error that can be shown, and that does not repeat
/// the token that was sent. The first byte is the status.
pub fn answer(bytes: &[u8]) {
    let Some((&status, body)) = bytes.split_first() else { return };
    let answer = Answer {
        status: STATUSES[usize::from(status) % STATUSES.len()],
        body: Zeroizing::new(body.to_vec()),
        retry_after: None,
        from: "https://vault.example.com".to_owned(),
        hidden: vec![Secret::from(TOKEN)],
    };
    let verdict = match answer.verdict() {
        Ok(verdict) => verdict,
        Err(error) => return shown(&error),
    };
    for target in targets() {
        match verdict {
            Verdict::Good => match target.key(&answer) {
                Ok(key) => assert!(Key::parse(key.expose()).is_ok()),
                // Its hint has the names of the fields, which the server's people chose.
                Err(error) => assert!(error.report().chars().count() <= SHOWN_LENGTH),
            },
            Verdict::Forbidden => shown(&target.denied(&answer)),
            _ => shown(&target.refusal(verdict, &answer)),
        }
    }
    if let Some(Ok(Some(granted))) = answer.envelope().map(|envelope| envelope.auth()) {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let token = Token::new(now, granted);
        assert!(token.is_alive(now));
        assert!(end(now, token.granted) == token.expires_at);
    }
}

/// What is kept comes back as it was.
pub fn renewal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let renewal = Renewal::read(Some(&Secret::from(text)));
    assert_eq!(Renewal::read(Some(&renewal.to_secret())), renewal);
}

fn shown(error: &Error) {
    let report = error.report();
    assert!(report.chars().count() <= SHOWN_LENGTH, "{report}");
    assert!(!report.contains(TOKEN), "{report}");
}

fn targets() -> [Target; 3] {
    let target = |engine, field: Option<&str>| Target {
        engine,
        mount: "kv".to_owned(),
        path: "a/b".to_owned(),
        field: field.map(|field| Field::new(field.to_owned())),
    };
    [
        target(Engine::Kv1, None),
        target(Engine::Kv2 { version: None }, Some("api_key")),
        target(Engine::Read, Some("key")),
    ]
}

const STATUSES: [u16; 12] = [200, 204, 400, 403, 404, 405, 412, 429, 472, 500, 503, 599];

/// The token that was sent; the inputs that are kept have it.
const TOKEN: &str = "hvs.canary-0123456789";

/// The functions above.
pub const TARGETS: &[Trial] = &[("vault_answer", answer), ("vault_renewal", renewal)];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_vault_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
