//! Tokens, variables and fields are parsed by one rule, whatever their source.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::files;

use crate::server::{at, stub};
use crate::user::User;

#[test]
fn vault_token_with_line_end_or_byte_order_mark_is_trimmed() {
    let server = stub("tok-1");
    for token in ["s.made-up\n", "\u{feff}s.made-up\r\n", " s.made-up"] {
        let by_variable = User::new(&at(server.address())).with_variable("VAULT_TOKEN", token);
        by_variable.helper().run().assert_key("tok-1");
        let by_file = User::new(&at(server.address())).with_variable("VAULT_TOKEN", " \n");
        by_file.home.write(".vault-token", token);
        by_file.helper().run().assert_key("tok-1");
    }
    let asked = server.requests();
    assert_eq!(asked.len(), 6);
    for request in asked {
        assert_eq!(request.header("x-vault-token"), Some("s.made-up"));
    }
}

#[test]
fn invalid_vault_token_is_named_by_its_place_and_not_sent() {
    let server = stub("tok-1");
    for (token, why) in [
        ("s.made\u{7}up", "has a control character at position 7"),
        ("s.made\nup", "has more than one line: the first ends at position 7"),
        ("s.made up", "has a space at position 7"),
        ("s.made\u{fc}p", "has a non-ASCII character at position 7"),
    ] {
        let user = User::new(&at(server.address())).with_variable("VAULT_TOKEN", token);
        user.helper().run().assert_error(2, &["the variable `VAULT_TOKEN`", why]);
    }
    let user = User::new(&at(server.address()));
    let file = user.home.write(".vault-token", "");
    fs::write(&file, files::utf16("\u{feff}s.x\r\n", u16::to_le_bytes)).unwrap();
    user.helper().run().assert_error(3, &["/.vault-token` is UTF-16", "run `vault login"]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn vault_token_file_writable_by_others_is_refused() {
    let server = stub("tok-1");
    let user = User::new(&at(server.address()));
    let file = user.home.write(".vault-token", "s.made-up");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o646)).unwrap();
    let fix = format!("chmod o-w {}", file.display());
    user.helper().run().assert_error(2, &["is writable by others", &fix]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn vault_token_fifo_without_a_writer_is_named_after_timeout() {
    let server = stub("tok-1");
    let user = User::new(&format!("{}\ntimeout = \"1s\"\n", at(server.address())));
    let fifo = user.home.path().join(".vault-token");
    files::make_fifo(&fifo);
    let place = format!("cannot read the secret in `{}`", fifo.display());
    user.helper().run().assert_error(2, &[&*place, "it is a FIFO without a writer", "ls -l"]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn vault_addr_and_namespace_variables_with_line_ends_are_trimmed() {
    let server = stub("tok-1");
    let of = |address: &str, namespace: &str| {
        let user = User::new("path = \"x\"").with_variable("VAULT_TOKEN", "s.made-up");
        let user = user.with_variable("VAULT_ADDR", address);
        user.with_variable("VAULT_NAMESPACE", namespace)
    };
    let address = format!("\u{feff}{}\r\n", server.address());
    of(&address, "team-a\n").helper().run().assert_key("tok-1");
    assert_eq!(server.requests()[0].header("x-vault-namespace"), Some("team-a"));
    of(&address, " \n").helper().run().assert_key("tok-1");
    assert_eq!(server.requests()[1].header("x-vault-namespace"), None);
    let answer = of(&address, "team-a\nteam-b").helper().run();
    answer.assert_error(2, &["the variable `VAULT_NAMESPACE` has more than one line"]);
    let answer = of("http://a\u{1b}b", "").helper().run();
    answer.assert_error(2, &["the variable `VAULT_ADDR` has a control character at position 9"]);
}

#[test]
fn vault_field_that_is_no_key_is_explained() {
    for (key, why) in [
        ("\"made-up\"", "is not a key: it is in quotes"),
        ("null", "is not a key: it is `null`"),
        ("\u{feff}{\"k\":\"made-up\"}", "is not a key: it is a JSON object"),
    ] {
        let server = stub(key);
        let user = User::new(&at(server.address())).with_variable("VAULT_TOKEN", "s.x");
        let answer = user.helper().run();
        answer.assert_error(2, &[why]);
        assert!(!answer.stderr.contains("made-up"), "{answer:?}");
    }
    let server = stub("\u{feff}tok-1\r\n");
    let user = User::new(&at(server.address())).with_variable("VAULT_TOKEN", "s.x");
    user.helper().run().assert_key("tok-1");
}
