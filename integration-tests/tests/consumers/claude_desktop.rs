//! Claude Desktop's credential helper, run as
//! <https://claude.com/docs/third-party/claude-desktop/credential-helper> describes it. The
//! application itself has no package to install here.

use integration_tests::call::Call;
use integration_tests::home::KEYS;
use serde_json::{Value, json};

use crate::user::{DOWN, User};

#[test]
fn claude_desktop_symlink_prints_a_token_without_arguments() {
    let user = User::following("claude-desktop", KEYS, &[]);
    let answer = helper(&user).run();
    let printed: Value = serde_json::from_str(answer.assert_printed()).unwrap();
    assert_eq!(printed, json!({ "token": "key-1", "headers": { "X-Org-Route": "prod" } }));
}

#[test]
fn claude_desktop_symlink_shows_the_error_without_a_token() {
    let user = User::following("claude-desktop", DOWN, &[]);
    helper(&user).run().assert_error(1, &["the token service does not answer"]);
}

/// Returns the program in the page's settings, with the link that the page makes.
fn helper(user: &User) -> Call {
    let made = user.call("sh").args(["-c", &user.shown("sh")]).run();
    assert_eq!(made.assert_printed(), "");
    let settings: Value = serde_json::from_str(&user.shown("json")).unwrap();
    let helper = settings["inferenceCredentialHelper"].as_str().unwrap();
    user.call(helper).env("CLAUDE_HELPER_CONTEXT", "interactive")
}
