//! Certificates with different faults: the message names each fault, with a hint.

use std::fs;
use std::path::Path;

use integration_tests::servers::tls::{HERE, Pair};
use integration_tests::servers::{Authority, TlsFront};

use crate::server::{KEY, at, stub};
use crate::user::User;

const TOKEN: &str = "s.canary-t0ken-f0r-4-server-w1th-tls";

fn user(address: &str, settings: &str) -> User {
    User::new(&(at(address) + settings)).with_secret_variable("VAULT_TOKEN", TOKEN)
}

fn ca_file(file: &Path) -> String {
    format!("ca_file = \"{}\"\n", file.display())
}

fn block(base64: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

/// Asserts that `get` refuses a server with the certificate `pair`, although its authority is
/// trusted.
#[track_caller]
fn assert_refused(authority: &Authority, pair: &Pair, words: &[&str]) {
    let vault = stub(KEY);
    let front = TlsFront::to(vault.address(), pair);
    let user = user(&front.address(), &ca_file(&authority.file()));
    let answer = user.get();
    answer.assert_error(2, words);
    for debug in ["Error(", "Other", "[6, "] {
        assert!(!answer.stderr.contains(debug), "{answer:?}");
    }
    assert!(vault.requests().is_empty());
}

#[test]
fn ca_file_with_one_unusable_certificate_warns_and_trusts_the_others() {
    let (vault, authority) = (stub(KEY), Authority::new());
    let front = TlsFront::to(vault.address(), &authority.sign("server", &[HERE]));
    let good = fs::read_to_string(authority.file()).unwrap();
    let not_base64 = block("!!!!");
    let not_der = block("AAAA");
    let without_end = "-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned();
    let cut_off = good[..good.len() / 2].to_owned() + "\n";
    for bad in [&not_base64, &not_der, &without_end, &cut_off] {
        for (bundle, number) in [
            (format!("{bad}{good}"), 1),
            (format!("{good}{bad}"), 2),
            (format!("# one\n{good}\n# two\n{bad}# three\n{good}"), 2),
        ] {
            let user = user(&front.address(), "");
            let file = user.home.write("bundle.pem", &bundle);
            user.configure("", &(at(&front.address()) + &ca_file(&file)));
            let warning = format!("certificate {number} of `{}` cannot be used", file.display());
            user.refresh().assert_warned(KEY, &[&warning]);
        }
    }
    // The same with the variable.
    let user = user(&front.address(), "");
    let file = user.home.write("bundle.pem", not_der.clone() + &good);
    let user = user.with_variable("VAULT_CACERT", &file.display().to_string());
    user.refresh().assert_warned(KEY, &["certificate 1 of"]);
    // None is left.
    user.home.write("bundle.pem", &not_der);
    user.refresh().assert_error(2, &["certificate 1 of `", "cannot be used", "`ca_file`"]);
    user.home.write("bundle.pem", "# nothing yet\n");
    user.refresh().assert_error(2, &["contains no certificate in PEM form"]);
}

#[test]
fn ca_certificate_used_as_server_certificate_exits_2() {
    let (vault, authority) = (stub(KEY), Authority::new());
    // The output of plain `openssl req -x509`.
    let own = authority.self_signed("own", &[HERE]);
    let front = TlsFront::to(vault.address(), &own);
    let words = [
        &*format!("the certificate of `{}` is a CA certificate", front.address()),
        "`basicConstraints=CA:FALSE`",
    ];
    user(&front.address(), &ca_file(&own.cert)).get().assert_error(2, &words);
    // The hint works.
    let fixed = authority.self_signed("fixed", &[HERE, "basicConstraints=critical,CA:FALSE"]);
    let front = TlsFront::to(vault.address(), &fixed);
    user(&front.address(), &ca_file(&fixed.cert)).get().assert_key(KEY);
}

#[test]
fn client_certificate_used_by_a_server_exits_2() {
    let authority = Authority::new();
    let pair = authority.sign("client", &[HERE, "extendedKeyUsage=clientAuth"]);
    assert_refused(&authority, &pair, &["is not a server certificate", "`serverAuth`"]);
}

#[test]
fn certificate_signed_with_sha1_exits_2() {
    let authority = Authority::new();
    let pair = authority.sign_with_sha1("sha1", &[HERE]);
    assert_refused(&authority, &pair, &["is signed with SHA-1", "SHA-256"]);
}

#[test]
fn certificate_outside_name_constraints_exits_2() {
    let authority = Authority::new();
    let constraints = "nameConstraints=critical,permitted;DNS:corp.example";
    let middle = authority.sign("middle", &["basicConstraints=critical,CA:TRUE", constraints]);
    let pair = authority.sign_by("middle", "server", &[HERE]);
    let chain = [&pair.cert, &middle.cert].map(|file| fs::read_to_string(file).unwrap());
    fs::write(&pair.cert, chain.concat()).unwrap();
    assert_refused(&authority, &pair, &["is for a name that its authority must not sign"]);
}

#[test]
fn missing_intermediate_certificate_is_named_in_the_hint() {
    let authority = Authority::new();
    let _ = authority.sign("middle", &["basicConstraints=critical,CA:TRUE"]);
    let pair = authority.sign_by("middle", "leaf", &[HERE]);
    let words = ["is from an unknown authority", "may not send its intermediate certificate"];
    assert_refused(&authority, &pair, &words);
}

#[test]
fn client_certificate_that_does_not_match_is_named() {
    let (vault, authority) = (stub(KEY), Authority::new());
    let server = authority.sign("server", &[HERE]);
    let front = TlsFront::for_clients_of(&authority.file(), vault.address(), &server);
    let client = authority.sign("client", &[]);
    let settings = |pair: &Pair| {
        let (cert, key) = (pair.cert.display(), pair.key.display());
        let authority = ca_file(&authority.file());
        format!("{authority}client_cert = \"{cert}\"\nclient_key = \"{key}\"\n")
    };
    user(&front.address(), &settings(&client)).get().assert_key(KEY);

    let refused = |settings: &str, words: &[&str]| {
        user(&front.address(), settings).get().assert_error(2, words);
    };
    refused(&ca_file(&authority.file()), &["rejected our client certificate: none was sent"]);
    let stranger = Authority::new();
    let words = ["rejected our client certificate: its authority is unknown"];
    refused(&settings(&stranger.sign("stranger", &[])), &words);
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("other.pem");
    fs::write(&own, "").unwrap();
    // The key of another certificate, one with a passphrase, a missing key, and a missing
    // certificate.
    let wrong = Pair { key: server.key.clone(), ..client.clone() };
    let shown = wrong.key.display().to_string();
    refused(&settings(&wrong), &[&format!("the key in `{shown}` does not match"), "client_key"]);
    refused(&settings(&client.encrypted()), &["has a passphrase", "`openssl pkey -in"]);
    let none = Pair { key: own.clone(), ..client.clone() };
    refused(&settings(&none), &["contains no private key in PEM form", "`client_key`"]);
    let none = Pair { cert: own, ..client };
    refused(&settings(&none), &["contains no certificate in PEM form", "`client_cert`"]);
}
