//! A user who signs in without a terminal.

use std::ffi::OsString;
use std::fs;

use crate::call::{Answer, Call};
use crate::servers::OidcProvider;
use crate::wait::until;

/// Runs `login` to its end, and approves it at `provider` as soon as the code is shown. Returns the
/// output.
///
/// # Panics
/// It fails.
#[track_caller]
pub fn sign_in(login: &Call, provider: &OidcProvider) -> Answer {
    let folder = tempfile::tempdir().expect("a folder");
    let said = folder.path().join("said");
    let shell = ["sh", "-c", "exec \"$@\" 2>\"$0\""].map(OsString::from);
    let running = login.clone().under(shell.into_iter().chain([said.clone().into()])).start();
    let code = until("the user code is shown", || {
        let said = fs::read_to_string(&said).ok()?;
        // A process that has ended shows no code; its output explains the failure.
        assert!(running.process().is_running(), "{said}");
        let (_, rest) = said.split_once("api-key-helper: code: ")?;
        rest.split_once('\n').map(|(code, _)| code.to_owned())
    });
    provider.approve(&code);
    let answer = running.finish();
    let answer = Answer { stderr: fs::read_to_string(&said).expect("what was said"), ..answer };
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
    answer
}
