//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_backend::{Error, Fields, SHOWN_LENGTH, Secret};
use api_key_helper_http::{Address, oauth};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::answer::{Answer, Verdict};
use crate::authorization::{AuthorizationRequest, AuthorizationResponse, Callback, ExpectedIssuer};
use crate::config::Settings;
use crate::endpoint::{Endpoint, Endpoints};
use crate::grant::Grant;
use crate::id_token::{Claims, verify};
use crate::jwks::PublicKey;
use crate::loopback::{BrowserRequest, Head};
use crate::metadata;
use crate::page::Page;
use crate::renewal::Renewal;

/// An answer of a token endpoint is a grant, whose login comes back as it was, or an error that can
/// be shown, and that does not repeat the refresh token that was sent. The first byte is the
/// status.
pub fn answer(bytes: &[u8]) {
    let Some(answer) = answer_of(bytes) else { return };
    let settings = Settings::for_tests();
    let grant = match Grant::read(&answer, &settings) {
        Ok(grant) => grant,
        Err(error) => {
            assert!(!error.report().contains(TOKEN), "{error}");
            return shown(&error);
        }
    };
    assert_eq!(answer.verdict(), Verdict::Good);
    let login = Renewal::signed_in(&settings, &grant, Endpoints::default(), now());
    assert_eq!(
        Renewal::read(&login.to_secret()).map(|back| back.to_secret()),
        Some(login.to_secret())
    );
    for renewal in [&login, &login.refreshed(&settings, &grant, now()), &login.with_answer_lost()] {
        said(&settings, renewal);
    }
    assert!(login.ended(now()).refresh_token(&settings, now()).is_err());
}

/// What is brought to the port of a login is a code only together with the login's state, and no
/// page that answers it has markup of its own.
pub fn callback(bytes: &[u8]) {
    let target = match Head::parse(bytes) {
        Head::Complete(BrowserRequest::Page(target)) => target,
        Head::Complete(BrowserRequest::Preflight(preflight)) => {
            let response = preflight.response();
            let (head, rest) = response.split_once("\r\n\r\n").unwrap_or_default();
            assert!(rest.is_empty() && head.lines().count() <= 6, "{response}");
            return;
        }
        _ => return,
    };
    let settings = Settings::with("flow = 'browser'");
    let authorization = AuthorizationRequest::new(&settings, 4711, [[1; 32], [2; 32], [3; 32]]);
    let issuer = settings.issuer.as_ref().map(|issuer| issuer.name.as_str());
    let expected = ExpectedIssuer { issuer, is_announced: true };
    let Callback::Response(response) = authorization.callback(&target, expected) else { return };
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let is_state = |(name, value): (Cow<'_, str>, Cow<'_, str>)| name == "state" && value == STATE;
    assert!(form_urlencoded::parse(query.as_bytes()).any(is_state), "{response:?}");
    let (AuthorizationResponse::Refusal { error, description }, Ok(from)) =
        (response, Endpoint::parse("https://idp.example.com/auth"))
    else {
        return;
    };
    let error = Answer::refusal(&from, &error, description.as_deref(), Vec::new()).error(&settings);
    shown(&error);
    let page = Page::not_signed_in("sso", &error).response();
    let (_, said) = page.split_once("<main>").unwrap_or_default();
    for tag in said.split('<').skip(1) {
        let name = tag.split('>').next().unwrap_or_default().trim_start_matches('/');
        assert!(["body", "code", "h1", "html", "main", "p"].contains(&name), "{page}");
    }
}

/// What a provider publishes is endpoints that a secret may travel to, or an error.
pub fn discovery(bytes: &[u8]) {
    let Some(answer) = answer_of(bytes) else { return };
    let settings = Settings::for_tests();
    let Some(issuer) = &settings.issuer else { return };
    match metadata::endpoints(&answer, issuer, &settings) {
        Ok(endpoints) => {
            let Endpoints { authorization, device_authorization, jwks, revocation, token, .. } =
                endpoints;
            let all = [authorization, device_authorization, jwks, revocation, token];
            for endpoint in all.into_iter().flatten() {
                let address = endpoint.as_ref();
                assert!(address.is_https() || address.is_loopback(), "{endpoint}");
            }
        }
        Err(error) => shown(&error),
    }
}

/// No unsigned token is good: the inputs are a token and a set of keys, and no private key made any
/// of them.
pub fn id_token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (token, keys) = text.split_once('\n').unwrap_or((&text, ""));
    let token = Secret::from(token);
    if let Some(claims) = Claims::unchecked(&token) {
        let account = claims.account().unwrap_or_default();
        assert!(account.chars().count() <= 200 && !account.contains(char::is_control));
    }
    let keys =
        Fields::parse(keys.as_bytes()).and_then(|set| PublicKey::all(&set)).unwrap_or_default();
    match verify(&token, &keys, &Settings::for_tests(), None, now()) {
        Ok(end) => panic!("it is good until {end:?}"),
        Err(error) => shown(&error),
    }
}

/// What is kept of a login comes back as it was, and what is said of it can be shown.
pub fn renewal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(renewal) = Renewal::read(&Secret::from(text)) else { return };
    assert_eq!(Renewal::read(&renewal.to_secret()).as_ref(), Some(&renewal));
    said(&Settings::for_tests(), &renewal);
}

fn said(settings: &Settings, renewal: &Renewal) {
    if let Err(error) = renewal.refresh_token(settings, now()) {
        shown(&error);
    }
    renewal.sign_in(&settings.scopes);
}

fn answer_of(bytes: &[u8]) -> Option<Answer> {
    let (&status, body) = bytes.split_first()?;
    Some(Answer(oauth::Answer {
        status: STATUSES[usize::from(status) % STATUSES.len()],
        body: Zeroizing::new(body.to_vec()),
        retry_after: None,
        challenge: None,
        from: Address::parse("https://idp.example.com/token").ok()?,
        hidden: vec![Secret::from(TOKEN)],
    }))
}

fn shown(error: &Error) {
    let report = error.report();
    assert!(report.chars().count() <= SHOWN_LENGTH, "{report}");
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// What becomes of the first part of the login's chance; the inputs that are kept have it.
const STATE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

const STATUSES: [u16; 10] = [200, 400, 401, 403, 404, 428, 429, 500, 503, 599];

/// The token that was sent; the inputs that are kept have it.
const TOKEN: &str = "canary-0123456789";

/// The functions above.
pub const TARGETS: &[Trial] = &[
    ("oidc_answer", answer),
    ("oidc_callback", callback),
    ("oidc_discovery", discovery),
    ("oidc_id_token", id_token),
    ("oidc_renewal", renewal),
];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_oidc_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
