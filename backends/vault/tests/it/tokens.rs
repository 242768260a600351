//! How a token lives: one login, then it is kept, extended, and replaced when it is dead.

use std::time::Duration;

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use integration_tests::servers::{OpenBao, openbao::ROOT};
use serde_json::json;

use crate::common::{KEY, Source, approle_source, with_key};

const LOGIN: &str = "auth/approle/login";
const LOOKUP: &str = "auth/token/lookup-self";
const READ: &str = "secret/data/anthropic";
const RENEW: &str = "auth/token/renew-self";

/// How often each was asked for, beyond what the test's preparation did.
fn counts(bao: &OpenBao, paths: &[&str]) -> Vec<usize> {
    paths.iter().map(|path| bao.requests(path)).collect()
}

#[test]
fn approle_logs_in_once_and_then_reads_only() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    let before = bao.requests(READ);
    assert_eq!(source.key(), KEY);
    assert_eq!(counts(&bao, &[LOGIN, READ]), [1, before + 1]);
    for later in [0, 600, 1700] {
        source.set_later(Duration::from_secs(later));
        assert_eq!(source.key(), KEY);
    }
    assert_eq!(counts(&bao, &[LOGIN, READ, RENEW, LOOKUP]), [1, before + 4, 0, 0]);
}

#[test]
fn vault_token_is_renewed_in_the_second_half_of_its_lease() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h", "token_max_ttl": "4h" }));
    source.key();
    source.set_later(Duration::from_secs(2000));
    source.key();
    assert_eq!(counts(&bao, &[LOGIN, RENEW]), [1, 1]);
    // That was an hour more.
    source.set_later(Duration::from_secs(2000 + 1700));
    source.key();
    assert_eq!(counts(&bao, &[LOGIN, RENEW]), [1, 1]);
    // Past its end, only a login helps.
    source.set_later(Duration::from_secs(2000 + 3700));
    source.key();
    assert_eq!(counts(&bao, &[LOGIN, RENEW]), [2, 1]);
}

#[test]
fn revoked_vault_token_is_replaced_once() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    source.key();
    bao.write("auth/token/revoke", &json!({ "token": source.stored_secrets()[0] }));
    assert_eq!(source.key(), KEY);
    assert_eq!(counts(&bao, &[LOGIN, LOOKUP]), [2, 1]);

    // Its role was removed: a living token goes on, a dead one cannot be replaced.
    bao.delete("auth/approle/role/ci");
    assert_eq!(source.key(), KEY);
    bao.write("auth/token/revoke", &json!({ "token": source.stored_secrets()[0] }));
    let error = source.error(ErrorKind::Denied);
    assert!(error.message().ends_with("invalid role or secret ID"), "{error}");
}

#[test]
fn vault_permission_denied_causes_no_login() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    source.key();
    bao.policy("reader", &[("secret/data/other", "read")]);
    let error = source.error(ErrorKind::Denied);
    assert_eq!(error.message(), "vault refused to read `secret/anthropic`: permission denied");
    let hint =
        "ask for a policy with `path \"secret/data/anthropic\" { capabilities = [\"read\"] }`";
    assert_eq!(error.hint(), Some(&hint.into()));
    assert_eq!(counts(&bao, &[LOGIN, LOOKUP]), [1, 1]);
    // The right is given: the kept token has it at once.
    bao.policy("reader", &[("secret/data/anthropic", "read")]);
    assert_eq!(source.key(), KEY);
    assert_eq!(counts(&bao, &[LOGIN]), [1]);
}

#[test]
fn vault_token_without_lookup_self_is_replaced() {
    let bao = with_key(OpenBao::dev());
    let mut source =
        approle_source(&bao, json!({ "token_ttl": "1h", "token_no_default_policy": true }));
    assert_eq!(source.key(), KEY);
    bao.policy("reader", &[("secret/data/other", "read")]);
    // It may be dead, and so it is replaced; a fresh one is not dead.
    source.error(ErrorKind::Denied);
    assert_eq!(counts(&bao, &[LOGIN, LOOKUP]), [2, 1]);
}

#[test]
fn vault_single_use_and_batch_tokens_give_keys() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_num_uses": 1 }));
    assert_eq!(source.key(), KEY);
    assert_eq!(source.key(), KEY);

    let role = json!({ "token_policies": "reader", "token_type": "batch", "token_num_uses": 0 });
    bao.write("auth/approle/role/ci", &role);
    source.renewal = None;
    assert_eq!(source.key(), KEY);
    assert!(source.stored_secrets()[0].starts_with("b."));
    source.set_later(Duration::from_secs(2_000_000));
    assert_eq!(source.key(), KEY);
    assert_eq!(counts(&bao, &[RENEW]), [0], "a batch token cannot be renewed");
    source.revoke().unwrap();
}

#[test]
fn logout_revokes_our_vault_token_only() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    source.revoke().unwrap();
    source.key();
    let token = bao.with_token(&source.stored_secrets()[0]);
    token.read(LOOKUP);
    source.revoke().unwrap();
    assert!(matches!(token.try_request("GET", LOOKUP, None, &[]), Ok((403, _))));
    // A second time there is nothing to give back.
    source.revoke().unwrap();

    let toml = format!("address = '{}'\npath = 'anthropic'", bao.address());
    let mut given = Source::with_variables(&toml, &[("VAULT_TOKEN", ROOT)]);
    given.key();
    given.revoke().unwrap();
    bao.read(LOOKUP);
}

#[test]
fn approle_login_on_a_full_disk_still_gives_the_key() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    source.disk = Disk::Full;
    assert_eq!(source.key(), KEY);
}
