//! Providers with unusual responses: fields of other types than in the standards, duplicate names,
//! a byte-order mark.

use std::sync::{Arc, Mutex};

use integration_tests::call::Answer;
use integration_tests::servers::{Reply, Stub};
use serde_json::{Value, json};

use crate::user::{Login, User};

/// A provider that signs in at once, and accepts each refresh token once.
struct Provider {
    stub: Stub,
    reply: Arc<Mutex<Change>>,
}

/// A change of a response of `metadata`, `device` or `token`.
type Change = Box<dyn Fn(&str, &Value) -> Reply + Send>;

impl Provider {
    fn new() -> Self {
        let reply: Arc<Mutex<Change>> = Arc::new(Mutex::new(Box::new(plain)));
        let (change, turn) = (Arc::clone(&reply), Mutex::new(0));
        let stub = Stub::start(move |request| {
            let address = request.address();
            let url = |path: &str| format!("{address}{path}");
            let (part, body) = match request.line.as_str() {
                "POST /device" => (
                    "device",
                    json!({
                        "device_code": "d", "user_code": "AB", "verification_uri": url("/page"),
                        "interval": 1, "expires_in": 60,
                    }),
                ),
                "POST /token" => {
                    let mut turn = turn.lock().unwrap();
                    let sent = request.body();
                    if sent.contains("refresh_token=") && !sent.contains(&format!("=rt-{turn}&")) {
                        return Reply::json(400, &json!({ "error": "invalid_grant" }));
                    }
                    *turn += 1;
                    let (access, refresh) = (format!("at-{turn}"), format!("rt-{turn}"));
                    let body = json!({
                        "access_token": access, "token_type": "Bearer", "expires_in": 3_600,
                        "refresh_token": refresh,
                    });
                    ("token", body)
                }
                _ => (
                    "metadata",
                    json!({
                        "issuer": address, "token_endpoint": url("/token"),
                        "device_authorization_endpoint": url("/device"),
                    }),
                ),
            };
            (change.lock().unwrap())(part, &body)
        });
        Self { stub, reply }
    }

    /// Applies `change` to each response from now on.
    fn answers(&self, change: impl Fn(&str, &Value) -> Reply + Send + 'static) {
        *self.reply.lock().unwrap() = Box::new(change);
    }

    /// Adds or replaces these fields in the responses of `part` from now on.
    fn adds(&self, part: &'static str, fields: &Value) {
        let fields = fields.clone();
        self.answers(move |at, body| match at == part {
            true => plain(at, &with(body, &fields)),
            false => plain(at, body),
        });
    }

    /// Returns a user whose calls make one attempt.
    fn user(&self, source: &str) -> User {
        User::with_profile(self.stub.address(), "retries = 0", source)
    }

    /// Returns the same with the client credentials grant.
    fn machine(&self) -> User {
        let secret = "client_secret = { command = [\"/bin/echo\", \"made-up\"] }";
        self.user(&format!("flow = \"client_credentials\"\n{secret}"))
    }
}

fn plain(_: &str, body: &Value) -> Reply {
    Reply::json(200, body)
}

fn with(body: &Value, fields: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Returns values of every JSON type.
fn oddities() -> [Value; 7] {
    [json!(null), json!(7), json!(true), json!(""), json!("odd"), json!([["odd"], 7]), json!({})]
}

#[track_caller]
fn sign_in(user: &User) -> Answer {
    let answer = Login::start(&user.home.call(["login"])).finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer
}

/// Forces a new key.
fn refresh(user: &User) -> Answer {
    user.home.call(["get", "--refresh"]).run()
}

#[test]
fn token_answer_with_scope_as_a_list_keeps_the_sign_in() {
    let provider = Provider::new();
    let user = provider.user("");
    provider.adds("token", &json!({ "scope": ["openid", "email"] }));
    let answer = sign_in(&user);
    assert!(answer.stderr.contains("Granted: openid email"), "{answer:?}");
    refresh(&user).assert_key("at-2");
    for (odd, turn) in oddities().iter().zip(3..) {
        provider.adds("token", &json!({ "scope": odd, "id_token": odd, "session_state": odd }));
        refresh(&user).assert_key(&format!("at-{turn}"));
    }
}

#[test]
fn rotated_refresh_token_is_kept_whatever_else_the_answer_has() {
    let provider = Provider::new();
    let user = provider.user("");
    sign_in(&user);
    for (fields, code, says) in [
        // A transient error is bridged by the previous key.
        (json!({ "access_token": null }), 0, "answered 200 without a usable `access_token`"),
        (json!({ "access_token": ["at"], "token_type": 7 }), 0, "a usable `access_token`"),
        (json!({ "expires_in": {} }), 2, "returned a token whose `expires_in` is not a number"),
        (json!({ "access_token": "two words" }), 2, "the provider's token cannot be a key"),
        (json!({ "token_type": "DPoP", "expires_in": {} }), 2, "returned a `DPoP` token"),
    ] {
        provider.adds("token", &fields);
        let before = user.refresh_token();
        let answer = refresh(&user);
        assert_eq!(answer.code, Some(code), "{answer:?}");
        assert!(answer.stderr.contains(says), "{answer:?}");
        assert_ne!(user.refresh_token(), before, "{fields}");
        provider.answers(plain);
        let printed = refresh(&user).key();
        assert_eq!(printed.replace("at", "rt"), user.refresh_token(), "{fields}");
    }
}

#[test]
fn rotated_refresh_token_is_kept_when_the_id_token_cannot_be_the_key() {
    let provider = Provider::new();
    let user = provider.user("key = \"id_token\"");
    provider.adds("metadata", &json!({ "jwks_uri": format!("{}/jwks", provider.stub.address()) }));
    let answer = Login::start(&user.home.call(["login"])).finish();
    assert_ne!(answer.code, Some(0), "{answer:?}");
    assert_eq!(user.refresh_token(), "rt-1");
    for (odd, turn) in oddities().iter().zip(2..) {
        provider.adds("token", &json!({ "id_token": odd, "access_token": odd }));
        let answer = refresh(&user);
        assert_ne!(answer.code, Some(0), "{answer:?}");
        assert_eq!(user.refresh_token(), format!("rt-{turn}"), "{odd}");
    }
}

#[test]
fn device_answer_may_have_verification_uri_and_verification_url() {
    let provider = Provider::new();
    let address = provider.stub.address();
    for (fields, page) in [
        (json!({ "verification_url": format!("{address}/older") }), "/page"),
        (
            json!({ "verification_uri": "", "verification_url": format!("{address}/older") }),
            "/older",
        ),
        (json!({ "verification_uri_complete": {}, "interval": "1", "expires_in": "x" }), "/page"),
    ] {
        provider.adds("device", &fields);
        let answer = sign_in(&provider.user(""));
        assert!(answer.stderr.contains(&format!("open: {address}{page}\n")), "{answer:?}");
    }
    provider.adds("device", &json!({ "user_code": {} }));
    let answer = Login::start(&provider.user("").home.call(["login"])).finish();
    answer.assert_error(1, &["`user_code`"]);
}

#[test]
fn discovery_metadata_with_odd_unused_fields_is_accepted() {
    let provider = Provider::new();
    for odd in oddities() {
        let fields = json!({
            "token_endpoint_auth_methods_supported": odd, "revocation_endpoint": odd,
            "jwks_uri": odd, "authorization_endpoint": odd, "scopes_supported": odd,
        });
        provider.adds("metadata", &fields);
        let user = provider.user("");
        sign_in(&user);
        assert!(user.key().starts_with("at-"), "{odd}");
    }
    provider.adds("metadata", &json!({ "issuer": 7 }));
    let answer = Login::start(&provider.user("").home.call(["login"])).finish();
    answer.assert_error(1, &["without a usable `issuer`"]);
}

#[test]
fn token_answer_with_byte_order_mark_is_read() {
    let provider = Provider::new();
    provider.answers(|_, body| {
        Reply::new(200, &["Content-Type: application/json"], &format!("\u{feff}{body}"))
    });
    let user = provider.user("");
    sign_in(&user);
    refresh(&user).assert_key("at-2");
    provider.answers(|_, _| Reply::new(400, &[], "\u{feff}{\"error\":\"invalid_grant\"}"));
    refresh(&user).assert_error(3, &["the sign-in has ended"]);
}

#[test]
fn compressed_http_answer_that_was_not_requested_is_named() {
    let provider = Provider::new();
    let machine = provider.machine();
    for (header, encoding) in
        [("Content-Encoding: gzip", "gzip"), ("Content-Encoding: br", "br"), ("X-Odd: 1", "gzip")]
    {
        provider.answers(move |part, body| match part {
            "token" => {
                let head = format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: 4\r\n\r\n");
                Reply::Binary([head.as_bytes(), b"\x1f\x8b\x08\x00"].concat())
            }
            _ => plain(part, body),
        });
        let says = format!("sent a response in the encoding `{encoding}`, which was not requested");
        refresh(&machine).assert_error(1, &[&says]);
    }
    assert_eq!(provider.stub.requests()[0].header("accept-encoding"), Some("identity"));
}

#[test]
fn token_type_in_another_spelling_is_a_bearer_token() {
    let provider = Provider::new();
    let machine = provider.machine();
    for odd in oddities().into_iter().chain([json!("BearerToken"), json!("Bearer "), json!("JWT")])
    {
        provider.adds("token", &json!({ "token_type": odd }));
        assert!(refresh(&machine).key().starts_with("at-"), "{odd}");
    }
    for (kind, name) in [("DPoP", "DPoP"), ("pop", "PoP"), (" mac", "MAC")] {
        provider.adds("token", &json!({ "token_type": kind }));
        let says = format!("returned a `{name}` token; only bearer tokens are supported");
        refresh(&machine).assert_error(2, &[&says, "bearer tokens"]);
    }
}

#[test]
fn token_endpoint_401_challenge_without_a_body_blames_the_client() {
    let provider = Provider::new();
    let machine = provider.machine();
    for (header, body) in [
        ("WWW-Authenticate: Basic realm=\"oauth\"", ""),
        ("www-authenticate: Bearer", "\n"),
        ("WWW-Authenticate: Basic", "<html>Unauthorized</html>"),
    ] {
        provider.answers(move |part, metadata| match part {
            "token" => Reply::new(401, &[header], body),
            _ => plain(part, metadata),
        });
        let words = ["refused the client `helper`: 401", "`client_id` and `client_secret`"];
        refresh(&machine).assert_error(2, &words);
    }
}

#[test]
fn http_401_without_a_challenge_is_not_the_providers_answer() {
    let provider = Provider::new();
    let machine = provider.machine();
    for (refusing, headers) in
        [("token", [].as_slice()), ("metadata", &["WWW-Authenticate: Basic"])]
    {
        for body in ["", "<html>Unauthorized</html>"] {
            provider.answers(move |part, metadata| match part == refusing {
                true => Reply::new(401, headers, body),
                false => plain(part, metadata),
            });
            let says = "answered 401, but not as a provider does";
            refresh(&machine).assert_error(1, &[says]);
        }
    }
}
