//! The identity of the server.

use std::path::Path;

use integration_tests::mounts::Mounts;

use crate::server::{KEY, at, tls_server, token};
use crate::user::{STALE, User};

#[test]
fn unknown_certificate_authority_works_after_the_ca_file_hint() {
    let bao = tls_server();
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let message = format!("the certificate of `{}` is from an unknown authority", bao.address());
    user.get().assert_error(2, &[&message, "`ca_file` (or `VAULT_CACERT`)"]);

    let ca = bao.ca_file().display().to_string();
    user.run(&user.helper().env("VAULT_CACERT", &*ca)).assert_key(KEY);
    user.configure("", &format!("{}ca_file = \"{ca}\"", at(bao.address())));
    user.get().assert_key(KEY);
}

#[test]
fn background_refresh_finds_ca_file_at_a_relative_path() {
    let bao = tls_server();
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let ca = bao.ca_file();
    let (folder, name) = (ca.parent().unwrap(), ca.file_name().unwrap());
    let call = user.helper().arg("refresh").folder(folder).env("VAULT_CACERT", name);
    let answer = user.run(&call);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    user.helper().folder(folder).env("VAULT_CACERT", name).run().assert_key(KEY);
}

#[test]
fn certificate_for_another_host_works_after_the_tls_server_name_hint() {
    let bao = tls_server();
    // The server's certificate is for `localhost`.
    let address = bao.address().replace("127.0.0.1", "vault.example.com");
    let source = format!("{}ca_file = \"{}\"\n", at(&address), bao.ca_file().display());
    let user = User::new(&source).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let hosts = user.home.write("hosts", "127.0.0.1 localhost vault.example.com\n");
    let mounts = Mounts::new().bind(&hosts, Path::new("/etc/hosts"));

    let message = format!("the certificate of `{address}` is for another host name");
    let words = [&*message, "fix `address`", "`tls_server_name`"];
    user.run(&mounts.seen_by(user.helper())).assert_error(2, &words);
    user.configure("", &(source + "tls_server_name = \"localhost\""));
    user.run(&mounts.seen_by(user.helper())).assert_key(KEY);
}

#[test]
fn vault_skip_verify_warns_at_each_fetch_and_in_status() {
    let bao = tls_server();
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let user = user.with_variable("VAULT_SKIP_VERIFY", "true");
    let words = ["is not verified", "`VAULT_SKIP_VERIFY` is set"];
    user.get().assert_warned(KEY, &words);
    // A cached key needs no request.
    user.get().assert_key(KEY);
    user.age(STALE);
    user.get().assert_warned(KEY, &words);
    for arguments in [&["status"][..], &["status", "--json"]] {
        let answer = user.run(&user.call(arguments));
        assert_eq!((answer.code, answer.stderr.lines().count()), (Some(0), 1), "{answer:?}");
        for words in ["api-key-helper: warning: source `vault`", "`VAULT_SKIP_VERIFY` is set"] {
            assert!(answer.stderr.contains(words), "{answer:?}");
        }
    }
    // A user who verifies certificates must not get a key that an attacker could have replaced.
    let checking = user.helper().without_env("VAULT_SKIP_VERIFY");
    user.run(&checking).assert_error(2, &["is from an unknown authority"]);
}

#[test]
fn vault_skip_verify_does_not_override_ca_file() {
    let (bao, other) = (tls_server(), tls_server());
    let with = |ca: &Path| format!("{}ca_file = \"{}\"\n", at(bao.address()), ca.display());
    let user = User::new(&with(&other.ca_file()));
    let user = user.with_secret_variable("VAULT_TOKEN", &token(&bao));
    for name in ["VAULT_SKIP_VERIFY", "BAO_SKIP_VERIFY"] {
        let call = user.helper().env(name, "1");
        // The authorities of the two servers have the same name.
        user.run(&call).assert_error(2, &["certificate"]);
        let status = user.run(&user.call(&["status"]).env(name, "1"));
        let effect = format!("`{name}` has no effect beside `ca_file`");
        assert!(status.stderr.contains(&effect), "{status:?}");
    }
    // An authority from the environment does not help either.
    let own = bao.ca_file().display().to_string();
    user.run(&user.helper().env("VAULT_CACERT", &*own)).assert_error(2, &["certificate"]);
    user.configure("", &with(&bao.ca_file()));
    user.run(&user.helper().env("VAULT_SKIP_VERIFY", "1")).assert_key(KEY);
}
