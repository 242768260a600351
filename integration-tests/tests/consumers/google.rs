//! Google's own library for Python, against a token endpoint that checks the subject token.

use integration_tests::call::Call;
use integration_tests::home::KEYS;
use integration_tests::servers::stub::Request;
use integration_tests::servers::{ProtectedServer, Reply};
use serde_json::json;

use crate::python::python;
use crate::user::{DOWN, User, assert_tells_why, key};

#[test]
fn google_auth_rejected_token_is_replaced_by_get_refresh() {
    let endpoint = endpoint();
    endpoint.accept_only(&["key-2"]);
    let user = User::following("google-cloud", ENDING, &[(ENDPOINT, endpoint.address())]);
    assert_eq!(program(&user, "refresh()").run().stdout, "invalid_grant\n");
    let line = ["--profile", "google", "get", "--refresh", "--format", "raw"];
    user.home.call(line).run().assert_key("key-2");
    assert_eq!(program(&user, "refresh()").run().stdout, "access-1\n");
    assert_eq!((endpoint.refused(), endpoint.taken()), (vec![key(1)], vec![key(2)]));
    assert_eq!(user.fetches(), 2);
}

#[test]
fn google_auth_takes_a_key_without_expires_at() {
    let endpoint = endpoint();
    let user = User::following("google-cloud", KEYS, &[(ENDPOINT, endpoint.address())]);
    let answer = program(&user, "refresh()").run();
    assert_eq!(answer.stdout, "access-1\n", "{answer:?}");
    assert_eq!(endpoint.taken(), ["key-1"]);
}

#[test]
fn google_auth_shows_the_error_without_a_token() {
    let endpoint = endpoint();
    let user = User::following("google-cloud", DOWN, &[(ENDPOINT, endpoint.address())]);
    assert_tells_why(&program(&user, "refresh()").run());
}

/// Starts a server that issues access tokens for subject tokens (RFC 8693).
fn endpoint() -> ProtectedServer {
    let token = json!({
        "access_token": "access-1",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 3600,
    });
    let refusal = Reply::json(400, &json!({ "error": "invalid_grant" }));
    ProtectedServer::start(subject_token, refusal, move |request| match &*request.line {
        "POST /v1/token" => Reply::json(200, &token),
        _ => Reply::new(404, &[], ""),
    })
}

fn subject_token(request: &Request) -> Option<String> {
    let mut fields = request.body().split('&').filter_map(|field| field.split_once('='));
    fields.find_map(|(name, value)| (name == "subject_token").then(|| value.to_owned()))
}

/// Returns a program of the user that does `steps`, in the environment that the page shows.
fn program(user: &User, steps: &str) -> Call {
    let shell = format!("{}exec \"$0\" \"$@\"", user.shown("sh"));
    let program = format!("{PROGRAM}\n{steps}");
    let call = python(user, &["google-auth==2.62.2", "requests==2.34.2"]);
    call.args(["-c", &program]).under(["sh", "-c", &shell])
}

const PROGRAM: &str = r#"
import google.auth
from google.auth import exceptions
from google.auth.transport.requests import Request

credentials, _ = google.auth.default()

def refresh():
    try:
        credentials.refresh(Request())
        print(credentials.token)
    except exceptions.OAuthError as refused:
        print("invalid_grant" if "invalid_grant" in str(refused) else refused)
"#;

/// The token endpoint's server on the page.
const ENDPOINT: &str = "https://sts.googleapis.com";

/// A script that prints keys with an expiry.
const ENDING: &str = r#"printf '{"key":"key-%s","expires_at":%s}' $run $(($(date +%s) + 3600))"#;
