//! Cargo itself, against a registry that wants a token.

use std::path::Path;

use integration_tests::call::Answer;
use integration_tests::home::{KEYS, search_path_from};
use integration_tests::servers::{ProtectedServer, registry};
use tempfile::TempDir;

use crate::user::{DOWN, User, assert_tells_why};

#[test]
fn cargo_logout_replaces_a_rejected_token() {
    let (_crates, server) = serve();
    server.accept_only(&["key-2"]);
    let user = developer(KEYS, &server);

    let refused = run(&user, &["fetch"]);
    assert_eq!(refused.code, Some(101), "{refused:?}");
    assert!(refused.stderr.contains("token rejected for `company`"), "{refused:?}");
    let out = run(&user, &["logout", "--registry", "company"]);
    assert_eq!(out.code, Some(0), "{out:?}");
    let fetched = run(&user, &["fetch"]);
    assert_eq!(fetched.code, Some(0), "{fetched:?}");
    assert!(fetched.stderr.contains("Downloaded keyed v1.0.0"), "{fetched:?}");

    assert_eq!(server.refused(), ["key-1"]);
    assert_eq!(server.taken(), ["key-2"]);
    assert_eq!(user.fetches(), 2);
}

#[test]
fn cargo_shows_the_error_without_a_token() {
    let (_crates, server) = serve();
    let user = developer(DOWN, &server);
    assert_tells_why(&run(&user, &["fetch"]));
}

fn serve() -> (TempDir, ProtectedServer) {
    let crates = TempDir::new().unwrap();
    let server = registry::serve(crates.path());
    (crates, server)
}

/// Returns a user whose package depends on a crate of the registry. The page's profile is not the
/// default one: cargo passes the profile in its own way.
fn developer(body: &str, server: &ProtectedServer) -> User {
    let user = User::following("cargo", body, &[("https://crates.example.com", server.address())]);
    let page = user.shown("toml");
    user.home.configure(&format!(
        "default_profile = \"other\"\n{page}\n[profile.other]\nsources = [\"company\"]\n"
    ));
    let manifest = "[package]\nname = \"project\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
                    [dependencies]\nkeyed = { version = \"1\", registry = \"company\" }\n";
    user.home.write("project/Cargo.toml", manifest);
    user.home.write("project/src/lib.rs", "");
    user
}

/// Runs the cargo that runs the tests, with the compiler beside it: without this machine's home, a
/// proxy such as rustup's finds neither.
fn run(user: &User, arguments: &[&str]) -> Answer {
    let cargo = Path::new(env!("CARGO"));
    let path = search_path_from(cargo.parent().unwrap());
    let call = user.call(cargo).folder(&user.home.path().join("project"));
    call.env("PATH", path).args(arguments.iter().copied()).run()
}
