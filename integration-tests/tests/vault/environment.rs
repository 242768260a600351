//! Variables that decide where the key comes from.
//!
//! An entry belongs to the environment that it was fetched in, and a source has one entry: the last
//! one. So a variable that is changed makes a miss, and one that is changed back makes another.

use integration_tests::servers::{Reply, Stub};
use serde_json::json;

use crate::server::{Asked, KEY, LOGIN, READ, approle, approle_auth, secret_id, server, token};
use crate::user::User;

const OTHER: &str = "sk-canary-th3-k3y-0f-4n0ther-s3rver";

#[test]
fn another_token_is_a_miss_each_time() {
    let bao = server();
    let (first, second) = (token(&bao), token(&bao));
    let user = User::new(&crate::server::at(bao.address()));
    user.hide(&first);
    user.hide(&second);
    let asked = Asked::from_now(&bao);
    let with = |token: &str| user.run(&user.helper().env("VAULT_TOKEN", token));
    for token in [&first, &second, &first] {
        with(token).assert_key(KEY);
        with(token).assert_key(KEY);
        asked.assert(&[READ]);
    }
}

#[test]
fn a_token_that_is_refused_costs_the_other_one_nothing() {
    let bao = server();
    let (good, bad) = (token(&bao), "s.canary-4-t0ken-0f-n0b0dy-4t-4ll");
    let user = User::new(&crate::server::at(bao.address()));
    user.hide(&good);
    user.hide(bad);
    let with = |token: &str| user.run(&user.helper().env("VAULT_TOKEN", token));
    with(&good).assert_key(KEY);
    with(bad).assert_error(3, &["does not accept the token"]);
    // The entry is as it was.
    let asked = Asked::from_now(&bao);
    with(&good).assert_key(KEY);
    asked.assert(&[]);
}

#[test]
fn another_address_is_a_miss_and_is_not_given_the_first_ones_token() {
    let bao = server();
    let other = Stub::start(|request| {
        let mut body = if request.line.ends_with("/login") {
            json!({ "auth": { "client_token": "s.canary-t0ken-0f-th3-0ther" } })
        } else {
            json!({ "data": { "data": { "k": OTHER } } })
        };
        body["request_id"] = json!("r");
        Reply::json(200, &body)
    });
    let role_id = approle(&bao, json!({ "token_ttl": "1h" }));
    let user = User::new("").with_variable("VAULT_ADDR", bao.address());
    let file = user.secret_file("secret-id", &secret_id(&bao));
    let auth = approle_auth(&role_id, &format!("{{ file = \"{file}\" }}"));
    user.configure("", &format!("path = \"anthropic\"\n{auth}"));
    let asked = Asked::from_now(&bao);
    user.get().assert_key(KEY);
    asked.assert(&[LOGIN, READ]);
    let token = user.kept("/token/secret");

    user.run(&user.helper().env("VAULT_ADDR", other.address())).assert_key(OTHER);
    for request in other.requests() {
        assert!(!request.text.contains(&token), "{}", request.line);
    }
    user.get().assert_key(KEY);
    asked.assert(&[LOGIN, READ]);
}
