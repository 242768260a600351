//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_backend::{SHOWN_LENGTH, Secret};
use api_key_helper_http::oauth;
use zeroize::Zeroizing;

use crate::answer::{Answer, Verdict};
use crate::claims::Claims;
use crate::config::Settings;
use crate::sent_token::SentToken;

/// An answer of a token endpoint is a key, or an error that can be shown, and that does not repeat
/// the token that was sent. The first byte is the status, and the rest is the body, and a token's
/// claims.
pub fn answer(bytes: &[u8]) {
    let Some((&status, body)) = bytes.split_first() else { return };
    let Ok(settings) = Settings::for_tests(SOURCE, &[]) else { panic!("no source") };
    let answer = Answer(oauth::Answer {
        status: STATUSES[usize::from(status) % STATUSES.len()],
        body: Zeroizing::new(body.to_vec()),
        retry_after: None,
        challenge: None,
        from: settings.endpoint.clone(),
        hidden: vec![Secret::from(TOKEN)],
    });
    match answer.credential(&settings, now(), "") {
        Ok(credential) => {
            assert_eq!(answer.verdict(&settings), Verdict::Good);
            assert!(credential.expires_at.is_none_or(|end| end >= now()));
        }
        Err(error) => {
            let report = error.report();
            assert!(report.chars().count() <= SHOWN_LENGTH, "{report}");
            assert!(!report.contains(TOKEN), "{report}");
        }
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    let token = Secret::from(text);
    let told = Claims::of(&token).told(now());
    assert!(told.chars().count() < SHOWN_LENGTH / 2 && !told.contains(char::is_control), "{told}");
    let spent = SentToken::of(&token);
    assert!(SentToken::read(&spent.to_secret()).is(&token));
    let kept = SentToken::read(&token);
    assert_eq!(SentToken::read(&kept.to_secret()), kept);
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

const SOURCE: &str = "grant = 'jwt-bearer'\ntoken = { env = 'T' }\n\
                      token_endpoint = 'https://sts.example.com/token'";

const STATUSES: [u16; 10] = [200, 400, 401, 403, 404, 429, 500, 503, 529, 599];

/// The token that was sent; the inputs that are kept have it.
const TOKEN: &str = "canary-0123456789";

/// The functions above.
pub const TARGETS: &[Trial] = &[("exchange_answer", answer)];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_exchange_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
