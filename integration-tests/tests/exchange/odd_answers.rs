//! Endpoints with unusual responses.

use std::sync::{Arc, Mutex};

use integration_tests::servers::{Reply, Stub};
use serde_json::{Value, json};

use crate::user::User;

const SOURCE: &str = "grant = \"token-exchange\"\nclient_id = \"c\"\n\
                      client_secret = { command = [\"/bin/echo\", \"made-up\"] }";

/// An endpoint whose response changes, with its user.
struct Place {
    reply: Arc<Mutex<Reply>>,
    user: User,
}

impl Place {
    fn new() -> Self {
        let reply = Arc::new(Mutex::new(Reply::Silence));
        let next = Arc::clone(&reply);
        let stub = Stub::start(move |_| next.lock().unwrap().clone());
        let token = "{ command = [\"/bin/echo\", \"subject-1\"] }";
        Self { reply, user: User::with(&format!("{}/t", stub.address()), token, SOURCE) }
    }

    /// Returns the key that is printed after `reply`.
    #[track_caller]
    fn key(&self, reply: Reply) -> String {
        self.get(reply).key()
    }

    fn get(&self, reply: Reply) -> integration_tests::call::Answer {
        *self.reply.lock().unwrap() = reply;
        self.user.get().args(["get", "--refresh", "--deadline", "3s"]).run()
    }
}

fn granted(fields: &Value) -> Value {
    let mut body = json!({ "access_token": "tok-1", "token_type": "Bearer", "expires_in": 3_600 });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn token_type_in_another_spelling_is_a_bearer_token() {
    let place = Place::new();
    for kind in [
        json!("BearerToken"),
        json!(""),
        json!("Bearer "),
        json!("urn:ietf:params:oauth:token-type:jwt"),
        json!(null),
        json!(["Bearer"]),
    ] {
        let body = granted(&json!({ "token_type": kind }));
        assert_eq!(place.key(Reply::json(200, &body)), "tok-1", "{kind}");
    }
    for kind in ["DPoP", "pop", "MAC"] {
        let body = granted(&json!({ "token_type": kind }));
        place.get(Reply::json(200, &body)).assert_error(2, &["only bearer tokens are supported"]);
    }
}

#[test]
fn token_answer_with_odd_unused_fields_is_accepted() {
    let place = Place::new();
    for odd in [json!(null), json!(7), json!("odd"), json!([["odd"]]), json!({})] {
        let fields = json!({
            "scope": odd, "refresh_token": odd, "issued_token_type": odd, "id_token": odd,
        });
        let body = granted(&fields);
        assert_eq!(place.key(Reply::new(200, &[], &format!("\u{feff}{body}"))), "tok-1", "{odd}");
    }
    let body = granted(&json!({ "access_token": {} }));
    let answer = place.get(Reply::json(200, &body));
    assert!(answer.stderr.contains("without a usable `access_token`"), "{answer:?}");
    let refused = "\u{feff}{\"error\":\"invalid_client\",\"error_description\":{},\"error_uri\":7}";
    place.get(Reply::new(401, &[], refused)).assert_error(2, &["refused the client `c`"]);
}

#[test]
fn token_endpoint_401_challenge_blames_the_client_settings() {
    let place = Place::new();
    let challenge = ["WWW-Authenticate: Basic realm=\"oauth\""];
    let words = ["refused the client `c`: 401", "`client_…` settings"];
    place.get(Reply::new(401, &challenge, "")).assert_error(2, &words);
    place.get(Reply::new(401, &[], "")).assert_error(1, &["not as a token endpoint does"]);
}
