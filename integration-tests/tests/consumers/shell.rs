//! A shell with the programs that it runs.

use integration_tests::call::{Answer, Call};
use integration_tests::home::KEYS;
use integration_tests::install;
use integration_tests::servers::protected_server::bearer;
use integration_tests::servers::{ProtectedServer, Reply};

use crate::user::{DOWN, User, assert_tells_why};

#[test]
fn shell_program_gets_the_key_from_the_environment_variable() {
    let user = User::following("shell", QUOTED, &[]);
    let answer = run(&user, "printenv COMPANY_TOKEN");
    assert_eq!(answer.assert_printed(), "key-1'$(id)`id`\n");
}

#[test]
fn shell_script_ends_without_a_key() {
    let user = User::following("shell", DOWN, &[]);
    let answer = run(&user, "echo it goes on");
    assert_tells_why(&answer);
    assert_eq!(answer.stdout, "");
}

#[test]
fn curl_sends_the_key_without_an_argument() {
    let _ = install::debian("curl", &["curl"]);
    let api =
        ProtectedServer::start(bearer, Reply::new(401, &[], ""), |_| Reply::new(200, &[], "pong"));
    let user = User::following("shell", KEYS, &[("https://api.example.com", api.address())]);
    let answer = shell(&user, &user.shown("sh curl")).run();
    assert_eq!(answer.assert_printed(), "pong");
    assert_eq!(api.taken(), ["key-1"]);
}

/// Runs the script of the page, and then `line`.
fn run(user: &User, line: &str) -> Answer {
    shell(user, &format!("{}{line}\n", user.shown("sh"))).run()
}

fn shell(user: &User, script: &str) -> Call {
    user.call("sh").env("PATH", user.path()).args(["-c", script])
}

/// A script that prints keys which a shell must not expand.
const QUOTED: &str = r#"printf '%s' "key-$run'\$(id)\`id\`""#;
