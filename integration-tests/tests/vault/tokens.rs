//! The number of requests, and the life of a token across processes.

use std::time::Duration;

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::servers::admin::text;
use integration_tests::wait::until;
use serde_json::json;

use crate::server::{
    Asked, KEY, LOGIN, LOOKUP, READ, approle, approle_auth, approle_user, at, server, token,
};
use crate::user::{DUE, STALE, User};

const RENEW: &str = "auth/token/renew-self";
const UNWRAP: &str = "sys/wrapping/unwrap";

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn approle_logs_in_once_and_reads_at_each_refresh() {
    let bao = server();
    let user = approle_user(&bao);
    let asked = Asked::from_now(&bao);
    user.get().assert_key(KEY);
    asked.assert(&[LOGIN, READ]);
    for _ in 0..3 {
        user.get().assert_key(KEY);
    }
    asked.assert(&[]);

    user.age(STALE);
    user.get().assert_key(KEY);
    asked.assert(&[READ]);
    user.refresh().assert_key(KEY);
    asked.assert(&[READ]);

    // In the background, it is the same.
    user.age(DUE);
    user.get().assert_key(KEY);
    until("the key is refreshed", || (user.home.state().log().len() == 4).then_some(()));
    asked.assert(&[READ]);
}

#[test]
fn single_flight_hundred_cold_processes_one_vault_login() {
    let bao = server();
    // Long enough to start a hundred processes on a machine under load.
    let user = approle_user(&bao).with_variable("API_KEY_HELPER_TIMEOUT_MS", "30000");
    let asked = Asked::from_now(&bao);
    // No request is answered before all processes have started.
    bao.signal("STOP");
    let calls: Vec<Running> = (0..100).map(|_| user.helper().start()).collect();
    wait_for_workers(&calls);
    bao.signal("CONT");

    for call in calls {
        user.searched(call.finish()).assert_key(KEY);
    }
    asked.assert(&[LOGIN, READ]);
}

#[test]
fn vault_token_is_renewed_in_the_second_half_of_its_lease() {
    let bao = server();
    let user = approle_user(&bao);
    user.get().assert_key(KEY);
    let asked = Asked::from_now(&bao);
    let token = user.kept("/token/secret");

    user.age_renewal(HOUR * 2 / 3);
    user.age(STALE);
    user.get().assert_key(KEY);
    asked.assert(&[RENEW, READ]);
    // The next process uses it.
    user.age(STALE);
    user.get().assert_key(KEY);
    asked.assert(&[READ]);
    assert_eq!(user.kept("/token/secret"), token);

    // After its expiry, only a login helps.
    user.age_renewal(HOUR);
    user.age(STALE);
    user.get().assert_key(KEY);
    asked.assert(&[LOGIN, READ]);
    assert_ne!(user.kept("/token/secret"), token);
}

#[test]
fn revoked_approle_token_is_replaced_by_a_new_login() {
    let bao = server();
    let user = approle_user(&bao);
    user.get().assert_key(KEY);
    bao.write("auth/token/revoke", &json!({ "token": user.kept("/token/secret") }));
    user.age(STALE);
    let asked = Asked::from_now(&bao);
    user.get().assert_key(KEY);
    asked.assert(&[READ, LOOKUP, LOGIN, READ]);
}

#[test]
fn revoked_vault_token_variable_exits_3() {
    let bao = server();
    let token = token(&bao);
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token);
    user.get().assert_key(KEY);
    bao.write("auth/token/revoke", &json!({ "token": token }));
    user.age(STALE);
    let words = ["rejected the token", "`auth.token` or `VAULT_TOKEN`"];
    user.get().assert_error(3, &words);
}

#[test]
fn wrapped_secret_id_is_unwrapped_once() {
    let bao = server();
    let role_id = approle(&bao, json!({ "token_ttl": "1h" }));
    let wrapping = bao.wrapped("auth/approle/role/ci/secret-id", &json!({}));
    let somebody = || {
        let user = User::new("");
        let file = user.secret_file("wrapped", &wrapping);
        let secret_id = format!("{{ file = \"{file}\", wrapped = true }}");
        user.configure("", &(at(bao.address()) + &approle_auth(&role_id, &secret_id)));
        user
    };
    let (user, other) = (somebody(), somebody());
    let asked = Asked::from_now(&bao);
    user.get().assert_key(KEY);
    asked.assert(&[UNWRAP, LOGIN, READ]);
    // Its content is saved for the next login.
    user.age_renewal(2 * HOUR);
    user.age(STALE);
    user.get().assert_key(KEY);
    asked.assert(&[LOGIN, READ]);

    let words = [
        "the wrapping token in `auth.secret_id` was used before",
        "others may have read the secret in it",
        "ask for a new one",
    ];
    other.get().assert_error(4, &words);
    asked.forget();
    // The error stays the same until it is fixed, and there is no second attempt in the cooldown.
    other.get().assert_error(4, &words);
    asked.assert(&[]);
}

#[test]
fn wrapped_vault_token_is_kept_and_renewed() {
    let bao = server();
    let user = User::new("");
    let body = json!({ "policies": ["reader"], "ttl": "1h" });
    let file = user.secret_file("wrapped", &bao.wrapped("auth/token/create", &body));
    let auth =
        format!("auth = {{ method = \"token\", token = {{ file = \"{file}\", wrapped = true }} }}");
    user.configure("", &(at(bao.address()) + &auth));
    let asked = Asked::from_now(&bao);
    user.get().assert_key(KEY);
    asked.assert(&[UNWRAP, READ]);
    user.age_renewal(HOUR * 2 / 3);
    user.age(STALE);
    user.get().assert_key(KEY);
    asked.assert(&[RENEW, READ]);
    user.age_renewal(2 * HOUR);
    user.age(STALE);
    user.get().assert_error(3, &["the token that was wrapped in `auth.token` has ended"]);
}

#[test]
fn removed_approle_fails_after_its_token_expires() {
    let bao = server();
    let user = approle_user(&bao);
    user.get().assert_key(KEY);
    let role_id = text(&bao.read("auth/approle/role/ci/role-id"), "/data/role_id");
    bao.delete("auth/approle/role/ci");
    // The token stays valid.
    user.age(STALE);
    user.get().assert_key(KEY);
    user.age_renewal(2 * HOUR);
    user.age(STALE);
    let words = [
        &*format!("refused the login of role id `{role_id}` at `auth/approle`"),
        "ask for a new `secret_id`, and whether the role still exists",
    ];
    user.get().assert_error(4, &words);
    assert_eq!(user.home.state().key("vault"), None, "a refused key is dropped");
}
