//! Who the server is.

use std::path::Path;

use integration_tests::mounts::Mounts;

use crate::server::{KEY, at, tls_server, token};
use crate::user::{STALE, User};

#[test]
fn an_unknown_authority_is_mended_by_the_hint() {
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
fn another_host_name_is_mended_by_the_hint() {
    let bao = tls_server();
    // The server's certificate is for `localhost`.
    let address = bao.address().replace("127.0.0.1", "vault.example.com");
    let source = format!("{}ca_file = \"{}\"\n", at(&address), bao.ca_file().display());
    let user = User::new(&source).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let hosts = user.home.write("hosts", "127.0.0.1 localhost vault.example.com\n");
    let mounts = Mounts::new().bind(&hosts, Path::new("/etc/hosts"));

    let message = format!("the certificate of `{address}` is for another host name");
    let words = [&*message, "mend `address`", "`tls_server_name`"];
    user.run(&mounts.seen_by(user.helper())).assert_error(2, &words);
    user.configure("", &(source + "tls_server_name = \"localhost\""));
    user.run(&mounts.seen_by(user.helper())).assert_key(KEY);
}

#[test]
fn status_warns_of_certificates_that_are_not_checked_and_get_does_not() {
    let bao = tls_server();
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    let user = user.with_variable("VAULT_SKIP_VERIFY", "true");
    user.get().assert_key(KEY);
    user.age(STALE);
    user.get().assert_key(KEY);
    for arguments in [&["status"][..], &["status", "--json"]] {
        let answer = user.run(&user.call(arguments));
        assert_eq!((answer.code, answer.stderr.lines().count()), (Some(0), 1), "{answer:?}");
        for words in ["api-key-helper: warning: source `vault`", "`VAULT_SKIP_VERIFY` is set"] {
            assert!(answer.stderr.contains(words), "{answer:?}");
        }
    }
    // Whoever checks certificates is not given a key that somebody on the way may have replaced.
    let checking = user.helper().without_env("VAULT_SKIP_VERIFY");
    user.run(&checking).assert_error(2, &["is from an unknown authority"]);
}
