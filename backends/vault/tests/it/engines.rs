//! Every engine reads a key.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::{OpenBao, openbao::ROOT};
use serde_json::json;

use crate::common::{KEY, Source, with_key};

/// A source that reads with the root token.
fn root(bao: &OpenBao, toml: &str) -> Source {
    let toml = format!("address = \"{}\"\n{toml}", bao.address());
    Source::with_variables(&toml, &[("VAULT_TOKEN", ROOT)])
}

#[test]
fn kv2_engine_reads_fields_and_versions() {
    let bao = with_key(OpenBao::dev());
    assert_eq!(root(&bao, "path = 'anthropic'").key(), KEY);
    assert_eq!(root(&bao, "path = '/anthropic/'\nmount = 'secret/'\nfield = 'api_key'").key(), KEY);

    let fields = json!({ "data": { "id": 7, "key": "sk-2", "list": [1] } });
    bao.write("secret/data/anthropic", &fields);
    assert_eq!(root(&bao, "path = 'anthropic'\nversion = 1").key(), KEY);
    assert_eq!(root(&bao, "path = 'anthropic'\nfield = 'key'").key(), "sk-2");
    assert_eq!(root(&bao, "path = 'anthropic'\nfield = 'id'").key(), "7");

    let error = root(&bao, "path = 'anthropic'").error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "`secret/anthropic` has more than one field");
    assert_eq!(error.hint(), Some(&"set `field` to one of `id`, `key`, `list`".into()));
    let error = root(&bao, "path = 'anthropic'\nfield = 'kye'").error(ErrorKind::NotFound);
    assert_eq!(error.message(), "`secret/anthropic` has no field `kye`");
    let error = root(&bao, "path = 'anthropic'\nfield = 'list'").error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "field `list` of `secret/anthropic` is not a text");

    bao.write("secret/data/prose", &json!({ "data": { "text": "two words" } }));
    let error = root(&bao, "path = 'prose'").error(ErrorKind::Misconfigured);
    assert!(error.message().starts_with("field `text` of `secret/prose` is not a key"));
}

#[test]
fn vault_field_inside_an_object_is_read_by_json_pointer() {
    let bao = OpenBao::dev();
    let nested = json!({ "k": { "api_key": "sk-1", "keys": ["sk-2"] }, "/odd": "sk-3" });
    bao.write("secret/data/nested", &json!({ "data": nested }));
    let pick = |field: &str| root(&bao, &format!("path = 'nested'\nfield = '{field}'"));
    assert_eq!(pick("/k/api_key").key(), "sk-1");
    assert_eq!(pick("/k/keys/0").key(), "sk-2");
    assert_eq!(pick("/odd").key(), "sk-3");
    let error = pick("k").error(ErrorKind::Misconfigured);
    assert_eq!(error.hint(), Some(&"set `field` to a text in it: `/k/api_key`".into()));
    let error = pick("/k/api_kee").error(ErrorKind::NotFound);
    assert_eq!(
        error.hint(),
        Some(&"set `field` to one that it has: `/k/api_key`, `/k/keys`".into())
    );

    // Also where it is the only field, and in each engine.
    bao.write("secret/data/one", &json!({ "data": { "k": { "api_key": "sk-1" } } }));
    let error = root(&bao, "path = 'one'").error(ErrorKind::Misconfigured);
    assert_eq!(error.hint(), Some(&"set `field` to a text in it: `/k/api_key`".into()));
    bao.enable_engine("old", "kv", &json!({ "version": "1" }));
    bao.write("old/one", &json!({ "k": { "api_key": "sk-1" } }));
    let toml = "engine = 'kv1'\nmount = 'old'\npath = 'one'\nfield = '/k/api_key'";
    assert_eq!(root(&bao, toml).key(), "sk-1");
}

#[test]
fn kv1_engine_reads_a_secret_with_its_lease() {
    let bao = OpenBao::dev();
    bao.enable_engine("old/kv", "kv", &json!({ "version": "1" }));
    bao.write("old/kv/team a/anthropic", &json!({ "k": "sk-1" }));
    let mut source = root(&bao, "engine = 'kv1'\nmount = 'old/kv'\npath = 'team a/anthropic'");
    let credential = source.fetch().unwrap();
    assert_eq!(credential.key.expose(), "sk-1");
    assert_eq!(credential.expires_at, None);

    // It says when to look again by a field of its own.
    bao.write("old/kv/ttl", &json!({ "k": "sk-1", "ttl": "30m" }));
    let mut source = root(&bao, "engine = 'kv1'\nmount = 'old/kv'\npath = 'ttl'\nfield = 'k'");
    let refresh = source.fetch().unwrap().refresh_at.unwrap();
    let wait = refresh.duration_since(SystemTime::now()).unwrap();
    assert!(wait <= Duration::from_secs(1800) && wait > Duration::from_secs(1700), "{wait:?}");
}

#[test]
fn vault_read_engine_reads_any_path_with_data() {
    let bao = OpenBao::dev();
    bao.write("cubbyhole/a/b", &json!({ "k": "sk-1" }));
    assert_eq!(root(&bao, "engine = 'read'\npath = 'cubbyhole/a/b'").key(), "sk-1");
    assert_eq!(root(&bao, "engine = 'read'\nmount = 'cubbyhole'\npath = 'a/b'").key(), "sk-1");
    // KV version 2 may be read so too, and says that its field is not a text.
    bao.write("secret/data/a", &json!({ "data": { "k": "sk-1" } }));
    let error = root(&bao, "engine = 'read'\npath = 'secret/data/a'\nfield = 'data'")
        .error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "field `data` of `secret/data/a` is not a text");
}

#[test]
fn vault_namespace_setting_reads_a_secret() {
    let bao = OpenBao::dev();
    bao.write("sys/namespaces/team", &json!({}));
    let team = bao.in_namespace("team");
    team.enable_engine("secret", "kv", &json!({ "version": "2" }));
    team.write("secret/data/anthropic", &json!({ "data": { "k": "sk-team" } }));
    assert_eq!(root(&bao, "namespace = 'team'\npath = 'anthropic'").key(), "sk-team");
    let toml = format!("address = \"{}\"\npath = 'anthropic'", bao.address());
    let variables = [("VAULT_TOKEN", ROOT), ("VAULT_NAMESPACE", "team/")];
    assert_eq!(Source::with_variables(&toml, &variables).key(), "sk-team");

    let error =
        root(&bao, "namespace = 'tame'\npath = 'anthropic'").error(ErrorKind::Misconfigured);
    assert!(error.message().contains("namespace not found"), "{error}");
}

#[test]
fn missing_vault_path_is_not_found_with_a_hint() {
    let bao = with_key(OpenBao::dev());
    let error = root(&bao, "path = 'antropic'").error(ErrorKind::NotFound);
    assert_eq!(error.message(), "`secret/antropic` is not there");
    let error = root(&bao, "path = 'data/anthropic'").error(ErrorKind::NotFound);
    assert!(
        error.hint().unwrap().to_string().ends_with("write `path = \"anthropic\"`"),
        "{error:?}"
    );
    let error = root(&bao, "path = 'anthropic'\nversion = 7").error(ErrorKind::NotFound);
    assert_eq!(error.message(), "`secret/anthropic` has no version 7");

    bao.delete("secret/data/anthropic");
    let error = root(&bao, "path = 'anthropic'").error(ErrorKind::NotFound);
    assert_eq!(error.message(), "version 1 of `secret/anthropic` was deleted");
    let hint = "bring it back: `vault kv undelete -mount=secret -versions=1 anthropic`";
    assert_eq!(error.hint(), Some(&hint.into()));

    bao.write("secret/destroy/anthropic", &json!({ "versions": [1] }));
    let error = root(&bao, "path = 'anthropic'").error(ErrorKind::NotFound);
    assert_eq!(error.message(), "version 1 of `secret/anthropic` was destroyed");
}

#[test]
fn wrong_vault_engine_hint_names_the_right_settings() {
    let bao = with_key(OpenBao::dev());
    let hint = "set `engine = \"kv2\"`, `mount = \"secret\"`, `path = \"anthropic\"`";
    for toml in ["engine = 'kv1'\npath = 'anthropic'", "engine = 'read'\npath = 'secret/anthropic'"]
    {
        let error = root(&bao, toml).error(ErrorKind::Misconfigured);
        assert_eq!(error.message(), "`secret` keeps versions (KV version 2)");
        assert_eq!(error.hint(), Some(&hint.into()));
    }
    let error = root(&bao, "mount = 'nowhere'\npath = 'a'").error(ErrorKind::Misconfigured);
    assert!(error.message().starts_with("vault has nothing mounted for `nowhere/a`"), "{error}");
    let error = root(&bao, "engine = 'read'\npath = 'sys/nowhere'").error(ErrorKind::Misconfigured);
    assert!(error.message().contains("unsupported path"), "{error}");

    bao.enable_engine("old", "kv", &json!({ "version": "1" }));
    let error = root(&bao, "mount = 'old'\npath = 'a'").error(ErrorKind::NotFound);
    assert!(error.hint().unwrap().to_string().contains("`engine = \"kv1\"`"), "{error:?}");
}
