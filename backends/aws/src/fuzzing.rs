//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::field::Field;
use api_key_helper_backend::{ErrorKind, Key, SHOWN_LENGTH, Secret};

use crate::answer::{Answer, Verdict};
use crate::failure::{Asked, Failure};
use crate::field;
use crate::renewal::Renewal;

/// What a service says is an error that can be shown; one about a signature repeats nothing of it,
/// for it holds the session's token. Statuses and codes in JSON are the SDK's to read.
pub fn answer(bytes: &[u8]) {
    let Some((&status, body)) = bytes.split_first() else { return };
    let Ok(body) = std::str::from_utf8(body) else { return };
    let mut answer = Answer { status: 400 + u16::from(status), ..Answer::default() };
    answer.read_xml(body);
    assert!(answer.because(&[]).chars().count() < 250);
    let error = Failure::Answer(answer.clone()).error(&asked());
    assert_eq!(error.kind(), answer.verdict().kind());
    assert!(error.report().chars().count() <= SHOWN_LENGTH, "{error}");
    if matches!(answer.verdict(), Verdict::BadSignature) {
        assert!(!error.message().contains(TOKEN), "{error}");
    }
}

/// A secret's text is a key that may be printed, or an error that shows no value of it.
pub fn secret(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (field, text) = text.split_once('\n').unwrap_or(("", text));
    let field = (!field.is_empty()).then(|| Field::new(field.to_owned()));
    match field::key(text, field.as_ref(), "`s`") {
        Ok(key) => assert!(Key::parse(key.expose()).is_ok()),
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Misconfigured | ErrorKind::NotFound));
            assert!(error.report().chars().count() <= SHOWN_LENGTH);
            // The field's name is the configuration's.
            let is_named = field.is_some_and(|field| field.to_string().contains(TOKEN));
            assert!(is_named || !error.message().contains(TOKEN), "{error}");
        }
    }
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let renewal = Renewal::read(Some(&Secret::from(text)));
    assert_eq!(Renewal::read(Some(&renewal.to_secret())), renewal);
    if let Some(credentials) = renewal.credentials(now) {
        assert!(credentials.expiry().is_some_and(|end| end > now));
    }
}

fn asked() -> Asked {
    Asked {
        action: "secretsmanager:GetSecretValue",
        resource: "arn".to_owned(),
        what: "read `s`".to_owned(),
        server: "`https://aws.example.com`".to_owned(),
        who: "the profile `a`".to_owned(),
        advice: "see the profile".to_owned(),
        hidden: Vec::new(),
    }
}

/// Stands for a secret; the inputs that are kept have it.
const TOKEN: &str = "canary-0123456789";

/// The functions above.
pub const TARGETS: &[Trial] = &[("aws_answer", answer), ("aws_secret", secret)];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_aws_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
