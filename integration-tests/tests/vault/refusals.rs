//! Refusals by the server.

use std::time::Duration;

use integration_tests::servers::openbao::ROOT;
use integration_tests::servers::{Reply, Stub};
use integration_tests::wait::{now, since};
use serde_json::json;

use crate::server::{Asked, KEY, LOGIN, LOOKUP, READ, approle_user, at, server, tls_server, token};
use crate::user::{STALE, User};

#[test]
fn vault_permission_denied_exits_4_and_names_the_policy() {
    let bao = server();
    let user = approle_user(&bao);
    user.get().assert_key(KEY);
    bao.policy("reader", &[("secret/data/other", "read")]);
    user.age(STALE);
    let asked = Asked::from_now(&bao);
    let words = [
        "vault refused to read `secret/anthropic`: permission denied",
        "`path \"secret/data/anthropic\" { capabilities = [\"read\"] }`",
    ];
    user.get().assert_error(4, &words);
    // The token is looked up, and not replaced: it is valid.
    asked.assert(&[READ, LOOKUP]);
    assert_eq!(user.home.state().key("vault"), None, "a refused key is dropped");

    // The user follows the hint: the saved token has the permission at once.
    bao.policy("reader", &[(READ, "read")]);
    asked.forget();
    user.refresh().assert_key(KEY);
    asked.assert(&[READ]);
}

#[test]
fn missing_or_deleted_vault_secret_exits_5() {
    let bao = server();
    let user = |source: &str| {
        User::new(&format!("address = \"{}\"\n{source}", bao.address()))
            .with_variable("VAULT_TOKEN", ROOT)
    };
    let words = ["`secret/antropic` is not there", "see `vault kv list -mount=secret`"];
    user("path = \"antropic\"").get().assert_error(5, &words);
    bao.delete(READ);
    let words = [
        "version 1 of `secret/anthropic` was deleted",
        "`vault kv undelete -mount=secret -versions=1 anthropic`",
    ];
    user("path = \"anthropic\"").get().assert_error(5, &words);
    bao.write("secret/destroy/anthropic", &json!({ "versions": [1] }));
    let words = ["version 1 of `secret/anthropic` was destroyed", "`vault kv put -mount=secret"];
    user("path = \"anthropic\"").get().assert_error(5, &words);
}

#[test]
fn wrong_vault_engine_works_after_the_hint() {
    let bao = server();
    let user = User::new("").with_variable("VAULT_TOKEN", ROOT);
    let address = format!("address = \"{}\"\n", bao.address());
    let mend = ["engine = \"kv2\"", "mount = \"secret\"", "path = \"anthropic\""];
    let words = ["`secret` keeps versions (KV version 2)", mend[0], mend[1], mend[2]];
    for wrong in
        ["engine = \"kv1\"\npath = \"anthropic\"", "engine = \"read\"\npath = \"secret/anthropic\""]
    {
        user.configure("", &(address.clone() + wrong));
        user.get().assert_error(2, &words);
    }
    // An error that the user fixes starts no cooldown.
    user.configure("", &(address.clone() + &mend.join("\n")));
    user.get().assert_key(KEY);

    bao.enable_engine("old", "kv", &json!({ "version": "1" }));
    bao.write("old/anthropic", &json!({ "api_key": KEY }));
    let wrong = "mount = \"old\"\npath = \"anthropic\"\n";
    user.configure("", &(address.clone() + wrong));
    user.get().assert_error(5, &["is not there", "`engine = \"kv1\"`"]);
    user.configure("", &(address + wrong + "engine = \"kv1\""));
    user.get().assert_key(KEY);
}

#[test]
fn vault_api_path_in_path_setting_works_after_the_hint() {
    let bao = server();
    let source = |lines: &str| format!("address = \"{}\"\n{lines}", bao.address());
    let user = User::new("").with_secret_variable("VAULT_TOKEN", &token(&bao));
    let right = "`path = \"anthropic\"`";
    for wrong in ["secret/data/anthropic", "data/anthropic", "v1/secret/data/anthropic"] {
        let path = format!("path = \"{wrong}\"");
        // The error is the same for a token that may not read such a path.
        user.configure("", &source(&path));
        user.get().assert_error(4, &["`path` is below the mount", right, "ask for a policy"]);
        let root = user.helper().env("VAULT_TOKEN", ROOT);
        user.run(&root).assert_error(5, &["is not there", right]);
    }
    let api = format!("address = \"{}/v1\"\npath = \"anthropic\"", bao.address());
    user.configure("", &api);
    let root = user.helper().env("VAULT_TOKEN", ROOT);
    user.run(&root).assert_error(2, &["leave the `/v1` of the API out of `address`"]);
    user.configure("", &source("path = \"anthropic\""));
    user.get().assert_key(KEY);
}

#[test]
fn root_namespace_is_accepted() {
    let bao = server();
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    user.run(&user.helper().env("VAULT_NAMESPACE", "/")).assert_key(KEY);
    user.configure("", &format!("{}namespace = \"\"\n", at(bao.address())));
    user.get().assert_key(KEY);
    user.configure("", &at(bao.address()));
    let words = ["the variable `VAULT_NAMESPACE`", "is not a path", "`unset VAULT_NAMESPACE`"];
    user.run(&user.helper().env("VAULT_NAMESPACE", "a/../b")).assert_error(2, &words);
}

#[test]
fn http_address_of_a_tls_port_exits_2_with_a_hint() {
    let bao = tls_server();
    let address = bao.address().replace("https://", "http://");
    let user = User::new(&at(&address)).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let words = ["expects TLS, but the address is plain HTTP", "`https://`"];
    user.get().assert_error(2, &words);
}

#[test]
fn vault_dr_secondary_falls_back_to_the_next_address() {
    let secondary = Stub::start(|_| {
        let errors = ["path disabled in replication DR secondary mode"];
        Reply::json(400, &json!({ "errors": errors }))
    });
    let bao = server();
    let source = format!(
        "address = [\"{}\", \"{}\"]\npath = \"anthropic\"\n",
        secondary.address(),
        bao.address()
    );
    let user = User::new(&source).with_secret_variable("VAULT_TOKEN", &token(&bao));
    user.get().assert_key(KEY);
    assert_eq!(secondary.requests().len(), 1);
    user.age(STALE);
    bao.request("PUT", "sys/seal", None);
    let message = format!("vault at `{}` is a DR secondary", secondary.address());
    user.get().assert_warned(KEY, &["using the key that `vault` gave", &message]);
}

#[test]
fn sealed_vault_exits_1_or_prints_the_stale_key() {
    let bao = server();
    let (cold, warm) = (approle_user(&bao), User::new(&at(bao.address())));
    let warm = warm.with_secret_variable("VAULT_TOKEN", &token(&bao));
    warm.get().assert_key(KEY);
    bao.request("PUT", "sys/seal", None);
    let message = format!("vault at `{}` is sealed", bao.address());
    cold.get().assert_error(1, &[&message, "`bao operator unseal`"]);
    warm.age(STALE);
    warm.get().assert_warned(KEY, &["using the key that `vault` gave", &message]);
}

#[test]
fn vault_429_quota_with_retry_after_is_not_asked_before() {
    let bao = server();
    bao.write("sys/quotas/config", &json!({ "enable_rate_limit_response_headers": true }));
    let quota = json!({ "path": "secret/", "rate": 1, "interval": "5m" });
    bao.write("sys/quotas/rate-limit/slow", &quota);
    let warm = approle_user(&bao);
    warm.get().assert_key(KEY);

    let cold = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let asked = Asked::from_now(&bao);
    let started = now();
    let words = ["is over a quota", "ask for a higher rate limit quota"];
    cold.get().assert_error(1, &words);
    // The requested wait is longer than the deadline, so the call fails at once without a request.
    cold.get().assert_error(1, &words);
    assert!(since(started) < Duration::from_secs(10), "{:?}", since(started));
    assert!(asked.since_then().len() <= 1, "{:?}", asked.since_then());

    warm.age(STALE);
    warm.get().assert_warned(KEY, &["using the key that `vault` gave", "is over a quota"]);
    assert_eq!(bao.requests(LOGIN), 1);
}
