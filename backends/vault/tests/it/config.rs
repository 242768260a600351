//! What a source's table may say, and what an error about it says.

use std::collections::BTreeSet;
use std::path::Path;

use api_key_helper_backend::{Error, ErrorKind, SourceTable, Variables};

const ADDRESS: &str = "address = 'https://vault.example.com:8200'\npath = 'anthropic'\n";

fn built(toml: &str, variables: &[(&str, &str)]) -> Result<SourceTable, Error> {
    let variables: Variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let table = SourceTable::from_toml("v", toml, Path::new("/etc/x"), variables)?;
    api_key_helper_vault::build(&table)?;
    Ok(table)
}

/// The error of a table that is wrong.
fn error(toml: &str, variables: &[(&str, &str)]) -> Error {
    let error = built(toml, variables).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    error
}

fn with(toml: &str) -> String {
    format!("{ADDRESS}{toml}")
}

#[test]
fn invalid_vault_settings_name_their_line() {
    let home = [("HOME", "/home/ann")];
    for (toml, message) in [
        (with("feild = 'k'"), "config.toml:3:1: `source.v.feild`: unknown key"),
        ("address = 'https://v'".to_owned(), "`path` is missing"),
        ("path = 'a'".to_owned(), "`source.v.address`: there is no address"),
        ("path = 'a'\naddress = []".to_owned(), "config.toml:2:1: `source.v.address`"),
        ("path = 'a'\naddress = 'http://v.example.com'".to_owned(), "only loopback"),
        ("path = 'a'\naddress = 7".to_owned(), "an address is a text, or a list of texts"),
        ("path = 'a/../b'\naddress = 'https://v'".to_owned(), "`source.v.path`: `a/../b` is not"),
        (with("engine = 'kv3'"), "`source.v.engine`"),
        (with("engine = 'kv1'\nversion = 3"), "`source.v.version`: only secrets of"),
        (with("engine = 'read'"), "`source.v.path`: `engine = \"read\"` wants the whole path"),
        (with("mount = ''"), "`source.v.mount`: `` is not a path"),
        (with("client_cert = 'c.pem'"), "`source.v.client_cert`: it needs its `client_key`"),
        (with("client_key = 'c.pem'"), "`source.v.client_key`: it needs its `client_cert`"),
        (with("tls_server_name = '10.0.0.1'"), "is not a host name"),
        (with("namespace = \"a\\nb\""), "`source.v.namespace`"),
        (with("auth = { method = 'kerberos' }"), "`source.v.auth"),
        (with("auth = { method = 'approle' }"), "role_id"),
        (
            with("auth = { method = 'approle', role_id = 'r', secret_id = 'in the file' }"),
            "`source.v.auth`: expected a table such as `{ env = \"NAME\" }`, found a string",
        ),
        (
            with("auth = { method = 'jwt', role = 'r', jwt = { env = 'J', file = 'j' } }"),
            "exactly one",
        ),
        (with("auth = { method = 'cert' }"), "`source.v.auth`: the method `cert` logs in by"),
        (
            with("auth = { method = 'userpass', username = 'u', password = { wrapped = 1 } }"),
            "`wrapped`",
        ),
    ] {
        let error = error(&toml, &home);
        assert!(error.message().contains(message), "{error} has no {message}");
    }
    let error = error(&with(""), &[("VAULT_SKIP_VERIFY", "yes")]);
    assert!(error.message().contains("VAULT_SKIP_VERIFY"), "{error}");
}

#[test]
fn vault_settings_error_shows_no_secret() {
    for auth in [
        "auth = { method = 'userpass', username = 'u', password = 'hunter2' }",
        "auth = { method = 'token', token = 'hunter2' }",
        "auth = { method = 'token', token = { value = 'hunter2' } }",
        "auth = { method = 'token', token = { env = ['hunter2'] } }",
        "auth = { method = 'token', token = { env = 'A', wrapped = 'hunter2' } }",
        "auth = 'hunter2'",
        "address = ['https://u:hunter2@v.example.com']",
    ] {
        let toml = with(auth).replacen("address = 'https://vault.example.com:8200'\n", "", {
            usize::from(auth.starts_with("address"))
        });
        let error = error(&toml, &[]);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn vault_variables_fill_unset_settings_only() {
    let variables = [("VAULT_ADDR", "http://not-loopback"), ("VAULT_TOKEN", "t")];
    built(ADDRESS, &variables).unwrap();
    error("path = 'a'", &variables);
    // OpenBao's own names come first.
    built("path = 'a'", &[&variables[..], &[("BAO_ADDR", "https://v")]].concat()).unwrap();
    error(ADDRESS, &[("VAULT_CLIENT_KEY", "/k.pem"), ("VAULT_TOKEN", "t")]);
    error(ADDRESS, &[]);
}

#[test]
fn root_namespace_may_be_empty_or_a_slash() {
    for (toml, variables) in [
        (with("namespace = ''"), vec![]),
        (with("namespace = '/'"), vec![("VAULT_NAMESPACE", "a b\n")]),
        (ADDRESS.to_owned(), vec![("VAULT_NAMESPACE", "/")]),
        (ADDRESS.to_owned(), vec![("BAO_NAMESPACE", "//")]),
    ] {
        built(&toml, &[&variables[..], &[("VAULT_TOKEN", "t")]].concat()).unwrap();
    }
}

#[test]
fn invalid_vault_variable_is_named() {
    for (name, value) in [
        ("VAULT_NAMESPACE", "a/../b"),
        ("BAO_NAMESPACE", "a//b"),
        ("VAULT_TLS_SERVER_NAME", "10.0.0.1"),
        ("VAULT_ADDR", "http://vault.example.com"),
    ] {
        let toml = if name == "VAULT_ADDR" { "path = 'a'" } else { ADDRESS };
        let error = error(toml, &[(name, value), ("VAULT_TOKEN", "t")]);
        assert!(error.message().starts_with(&format!("the variable `{name}`: ")), "{error}");
        assert!(!error.message().contains("config.toml"), "{error}");
    }
}

#[test]
fn vault_skip_verify_has_no_effect_beside_ca_file() {
    let set = [("VAULT_SKIP_VERIFY", "1"), ("VAULT_TOKEN", "t")];
    for written in ["ca_file = 'ca.pem'", "ca_dir = 'ca'", "tls_server_name = 'v.example.com'"] {
        let warnings = built(&with(written), &set).unwrap().reads().warnings;
        let key = written.split(' ').next().unwrap();
        let expected = format!("`VAULT_SKIP_VERIFY` has no effect beside `{key}`");
        assert!(warnings.iter().any(|warning| warning.ends_with(&expected)), "{warnings:?}");
    }
    let bao = [("BAO_SKIP_VERIFY", "true"), ("VAULT_TOKEN", "t")];
    let warnings = built(ADDRESS, &bao).unwrap().reads().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("`BAO_SKIP_VERIFY` is set")));
    assert!(built(ADDRESS, &[("VAULT_SKIP_VERIFY", "0")]).is_err(), "there is no token");
}

#[test]
fn vault_cacert_variable_is_not_added_to_ca_file() {
    let set = [("VAULT_CACERT", "/e.pem"), ("VAULT_CAPATH", "/e"), ("VAULT_TOKEN", "t")];
    let read = |toml: &str| built(toml, &set).unwrap().reads().variables;
    assert!(read(ADDRESS).contains("VAULT_CACERT"));
    for written in ["ca_file = 'ca.pem'", "ca_dir = 'ca'"] {
        let variables = read(&with(written));
        for name in ["VAULT_CACERT", "VAULT_CAPATH"] {
            assert!(!variables.contains(name), "{name} beside {written}");
        }
    }
}

#[test]
fn vault_settings_record_the_variables_they_read() {
    let names = |toml: &str, variables: &[(&str, &str)]| {
        let reads = built(toml, variables).unwrap().reads();
        (reads.selectors, reads.variables, reads.sources)
    };
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (selectors, variables, _) = names(ADDRESS, &[("VAULT_TOKEN", "t")]);
    assert!(variables.is_superset(&set(&["VAULT_TOKEN", "VAULT_CACERT"])));
    // The file says the address. A namespace says whose key it is; a token does not.
    assert_eq!(selectors, set(&["BAO_NAMESPACE", "VAULT_NAMESPACE"]));
    // What is recorded does not depend on what is set: the names are a part of a plan.
    let with_others = [("VAULT_TOKEN", "t"), ("BAO_TOKEN", "t"), ("BAO_NAMESPACE", "n")];
    assert_eq!(names(ADDRESS, &with_others), (selectors, variables, set(&[])));
    let (selectors, ..) = names("path = 'a'", &[("BAO_ADDR", "https://v"), ("VAULT_TOKEN", "t")]);
    assert!(selectors.is_superset(&set(&["BAO_ADDR", "VAULT_ADDR"])));
    let (_, variables, sources) =
        names(&with("auth = { method = 'jwt', jwt = { source = 'sso' } }"), &[]);
    assert_eq!(sources, set(&["sso"]));
    assert!(!variables.contains("VAULT_TOKEN"));
}
