//! Git itself, against git's own server.

use integration_tests::call::Answer;
use integration_tests::home::KEYS;
use integration_tests::servers::git;
use tempfile::TempDir;

use crate::user::{DOWN, User, assert_tells_why, key};

#[test]
fn git_erases_a_rejected_key_and_the_next_clone_fetches() {
    let repositories = TempDir::new().unwrap();
    let server = git::serve(repositories.path());
    server.accept_only(&["key-2"]);
    let user = User::following("git", KEYS, &[(SERVER, server.address())]);

    let refused = clone(&user, server.address());
    assert_eq!(refused.code, Some(128), "{refused:?}");
    assert!(refused.stderr.contains("Authentication failed"), "{refused:?}");
    let cloned = clone(&user, server.address());
    assert_eq!(cloned.code, Some(0), "{cloned:?}");
    // Git reports that the key is valid, which changes nothing.
    let fetched = run(&user, &["-C", "repository", "fetch", "--verbose"]);
    assert_eq!(fetched.code, Some(0), "{fetched:?}");

    assert_eq!((server.refused(), server.taken()), (vec![key(1)], vec![key(2)]));
    assert_eq!(user.fetches(), 2);
    assert!(!user.home.path().join(".git-credentials").exists());
}

#[test]
fn git_shows_the_error_without_a_key() {
    let repositories = TempDir::new().unwrap();
    let server = git::serve(repositories.path());
    let user = User::following("git", DOWN, &[(SERVER, server.address())]);
    assert_tells_why(&clone(&user, server.address()));
}

#[test]
fn git_server_not_in_send_to_gets_no_key() {
    let repositories = TempDir::new().unwrap();
    let server = git::serve(repositories.path());
    let user = User::following("git", KEYS, &[]);
    assert_eq!(clone(&user, server.address()).code, Some(128));
    assert_eq!((server.taken(), user.fetches()), (vec![], 0));
}

fn clone(user: &User, address: &str) -> Answer {
    run(user, &["clone", &format!("{address}/repository.git")])
}

/// Runs git on a machine whose system-wide settings would write keys to a file.
fn run(user: &User, arguments: &[&str]) -> Answer {
    let everybody = user.home.write("gitconfig", "[credential]\n\thelper = store\n");
    let git = user.call("git").env("GIT_CONFIG_SYSTEM", everybody).env("GIT_TERMINAL_PROMPT", "0");
    git.args(arguments.iter().copied()).run()
}

/// The server's address on the page.
const SERVER: &str = "https://git.example.com";
