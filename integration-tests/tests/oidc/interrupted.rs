//! A login that a signal interrupts while it waits for the user.

use integration_tests::servers::OidcProvider;
use integration_tests::wait::until;
use rustix::process::Signal;

use crate::user::{COMMAND, User};

#[track_caller]
fn assert_interrupted_by(signal: Signal, exit_code: i32) {
    let provider = OidcProvider::new();
    let user = User::of(&provider);
    user.get().run().assert_error(3, &["there is no sign-in", COMMAND]);
    let before = user.files();
    let login = user.login();
    let code = login.code();
    until("there was a poll", || (provider.asked("device_code") == 1).then_some(()));

    login.signal(signal);
    let answer = login.finish();

    assert_eq!((answer.code, &*answer.stdout), (Some(exit_code), ""), "{answer:?}");
    let lines = format!(
        "api-key-helper: open: {}/device\napi-key-helper: code: {code}\n",
        provider.issuer()
    );
    assert_eq!(answer.stderr, lines);
    assert_eq!(user.files(), before);
    // The code is nobody's any more, and a new login is not in its way.
    provider.approve(&code);
    user.sign_in(&provider);
    user.key();
    assert_eq!(provider.granted("device_code"), 1);
}

#[test]
fn login_ctrl_c_sigint_exits_130_and_leaves_nothing_behind() {
    assert_interrupted_by(Signal::INT, 130);
}

#[test]
fn login_sigterm_exits_143_and_leaves_nothing_behind() {
    assert_interrupted_by(Signal::TERM, 143);
}

#[test]
fn login_sighup_exits_129_and_leaves_nothing_behind() {
    assert_interrupted_by(Signal::HUP, 129);
}
