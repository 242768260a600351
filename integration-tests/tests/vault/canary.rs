//! The visible parts of the helper's processes.
//!
//! Every other test here checks outputs, files and the log for secrets: a [`User`] searches them.

use std::sync::atomic::{AtomicUsize, Ordering};

use integration_tests::secret_forms::repeated;
use integration_tests::servers::{Reply, Stub};
use integration_tests::wait::until;
use serde_json::json;

use crate::server::{KEY, answer, approle_auth, at};
use crate::user::{DUE, User};

const TOKEN: &str = "s.canary-4-t0ken-th4t-w4s-e4rned";
const SECRET_ID: &str = "c4n4ry00-5ecr-e7id-0f4n-4ppr0le00001";

/// Returns a server that accepts each login, answers the first reads, and then none.
fn server(answers: usize) -> Stub {
    let reads = AtomicUsize::new(0);
    Stub::start(move |request| {
        if request.line.ends_with("/login") {
            let auth = json!({ "client_token": TOKEN, "lease_duration": 3600 });
            Reply::json(200, &json!({ "request_id": "r", "auth": auth }))
        } else if reads.fetch_add(1, Ordering::Relaxed) < answers {
            Reply::json(200, &answer(KEY))
        } else {
            Reply::Silence
        }
    })
}

/// Returns a user whose secret-id comes from a program, which records the arguments and
/// environments of itself and its parent.
fn user(server: &Stub) -> User {
    let user = User::new("");
    user.hide(TOKEN);
    user.hide(KEY);
    let file = user.secret_file("secret-id", SECRET_ID);
    let given = "for process in $$ $PPID; do\n\
                 cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\ndone";
    let script = user.home.script("secret-id", &format!("{given}\ncat '{file}'"));
    let command = format!("{{ command = [\"{}\"] }}", script.display());
    let source = at(server.address()) + &approle_auth("role", &command);
    user.configure("timeout = \"1s\"\nretries = 0", &source);
    user
}

/// Looks at the only worker.
#[track_caller]
fn look(user: &User) {
    let processes = user.workers();
    assert_eq!(processes.len(), 1);
    for process in processes {
        for text in [process.arguments(), process.environment()] {
            assert!(!text.is_empty(), "process {} is gone", process.id);
            user.assert_clean("what a process shows", &text);
        }
    }
}

#[test]
fn worker_asking_vault_shows_no_secret_to_other_processes() {
    let server = server(0);
    let user = user(&server);
    let call = user.helper().start();
    until("the key is asked for", || (server.requests().len() == 2).then_some(()));
    assert!(server.requests()[0].text.contains(SECRET_ID));
    assert!(server.requests()[1].text.contains(TOKEN));
    look(&user);
    user.searched(call.finish()).assert_error(1, &["did not answer within"]);
    assert!(user.home.path().join("given").metadata().unwrap().len() > 0);
}

/// A later response may repeat a part of an earlier request.
#[test]
fn vault_read_error_that_repeats_the_login_shows_no_secret() {
    // One at a time, because messages are cut to 200 characters.
    for secret in [SECRET_ID, TOKEN] {
        for said in repeated(secret) {
            let server = Stub::start(move |request| {
                if request.line.ends_with("/login") {
                    let auth = json!({ "client_token": TOKEN, "lease_duration": 3600 });
                    return Reply::json(200, &json!({ "request_id": "r", "auth": auth }));
                }
                Reply::json(400, &json!({ "errors": [format!("bad {said}")] }))
            });
            user(&server).get().assert_error(2, &["bad [redacted]"]);
        }
    }
}

#[test]
fn background_refresh_of_vault_shows_no_secret() {
    let server = server(1);
    let user = user(&server);
    user.get().assert_key(KEY);
    user.age(DUE);
    user.get().assert_key(KEY);
    until("the key is asked for again", || (server.requests().len() == 3).then_some(()));
    look(&user);
}
