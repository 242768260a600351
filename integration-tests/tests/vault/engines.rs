//! Every engine prints a key.

use integration_tests::servers::{OpenBao, openbao::ROOT};
use serde_json::json;

use crate::server::{KEY, put_key, server};
use crate::user::User;

const OTHER: &str = "sk-canary-4n0ther-k3y-0f-4n0ther-pl4ce";

/// Returns a user who may read everything.
fn root(bao: &OpenBao, source: &str) -> User {
    let source = format!("address = \"{}\"\n{source}", bao.address());
    User::new(&source).with_variable("VAULT_TOKEN", ROOT)
}

#[test]
fn kv2_engine_reads_fields_and_versions() {
    let bao = server();
    root(&bao, "path = \"anthropic\"").get().assert_key(KEY);
    bao.write("secret/data/anthropic", &json!({ "data": { "id": 7, "key": OTHER } }));
    root(&bao, "path = \"anthropic\"\nfield = \"key\"").get().assert_key(OTHER);
    root(&bao, "path = \"anthropic\"\nversion = 1").get().assert_key(KEY);

    let words = ["`secret/anthropic` has more than one field", "set `field` to one of `id`, `key`"];
    root(&bao, "path = \"anthropic\"").get().assert_error(2, &words);
    let words = ["has no field `kye`", "set `field` to one that it has: `id`, `key`"];
    root(&bao, "path = \"anthropic\"\nfield = \"kye\"").get().assert_error(5, &words);
}

#[test]
fn kv1_engine_reads_a_secret() {
    let bao = OpenBao::dev();
    bao.enable_engine("old/kv", "kv", &json!({ "version": "1" }));
    bao.write("old/kv/team/anthropic", &json!({ "api_key": KEY }));
    let source = "engine = \"kv1\"\nmount = \"old/kv\"\npath = \"team/anthropic\"";
    root(&bao, source).get().assert_key(KEY);
}

#[test]
fn vault_read_engine_reads_any_path_with_data() {
    let bao = OpenBao::dev();
    bao.write("cubbyhole/team/anthropic", &json!({ "api_key": KEY }));
    let user = root(&bao, "engine = \"read\"\npath = \"cubbyhole/team/anthropic\"");
    user.get().assert_key(KEY);
}

#[test]
fn namespace_setting_or_variable_reads_a_secret() {
    let bao = OpenBao::dev();
    bao.write("sys/namespaces/team", &json!({}));
    let team = bao.in_namespace("team");
    team.enable_engine("secret", "kv", &json!({ "version": "2" }));
    put_key(&team);
    root(&bao, "path = \"anthropic\"\nnamespace = \"team\"").get().assert_key(KEY);
    let by_variable = root(&bao, "path = \"anthropic\"").with_variable("VAULT_NAMESPACE", "team");
    by_variable.get().assert_key(KEY);
    let words = ["namespace not found", "compare `mount` and `namespace`"];
    root(&bao, "path = \"anthropic\"\nnamespace = \"tame\"").get().assert_error(2, &words);
}
