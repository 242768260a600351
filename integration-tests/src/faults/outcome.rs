//! The permitted outcomes of a call that a fault hit.

use std::time::Duration;

use api_key_helper_values::SHOWN_LENGTH;

use super::{Fault, Fixture};
use crate::call::Answer;
use crate::process::Process;
use crate::secret_forms::SecretForms;
use crate::wait::until;

/// The deadline of the calls of a fixture, in its configuration.
pub(super) const DEADLINE: &str = "deadline = \"5s\"";
/// That deadline, the time after which a late process ends itself, and a margin for a slow machine.
const LONGEST: Duration = Duration::from_secs(5 + 5 + 5);

/// The message of a panic in a library, which ends the process.
const GIVES_UP: &str = "this program cannot go on at";

/// Checks that there is either a key or a clear error, and no other output.
pub(super) fn judge(fixture: &dyn Fixture, fault: Fault, answer: &Answer, took: Duration) {
    assert!(took < LONGEST, "it took {took:?}: {answer:?}");
    let is_key = fixture.is_key(&answer.stdout);
    for secret in fixture.secrets() {
        let found = SecretForms::of(&secret).found_in(answer.stderr.as_bytes()).is_some();
        assert!(!found, "a secret is in stderr: {answer:?}");
    }
    assert!(!answer.stderr.contains("panicked"), "{answer:?}");
    assert!(answer.stderr.chars().count() <= SHOWN_LENGTH, "{answer:?}");
    if fault == Fault::Kill && answer.signal.is_some() {
        assert!(answer.stdout.is_empty() || is_key, "{answer:?}");
        return;
    }
    assert_eq!(answer.signal, None, "{answer:?}");
    if answer.code == Some(0) {
        let is_right = if fixture.prints() { is_key } else { answer.stdout.is_empty() };
        assert!(is_right, "{answer:?}");
        let is_warning = |line: &str| line.starts_with("api-key-helper: warning: ");
        assert!(answer.stderr.lines().all(is_warning), "{answer:?}");
    } else {
        answer.assert_error(answer.code.unwrap_or_default(), &[]);
        assert!(matches!(answer.code, Some(1..=5)), "{answer:?}");
    }
}

/// Checks that no process is running, and that only the files of `docs/architecture.md` are left. A
/// killed process may leave drafts, which are removed later.
pub(super) fn judge_leftovers(fixture: &dyn Fixture, fault: Fault, name: &str, answer: &Answer) {
    let home = fixture.home().path();
    until("nobody of this call works any more", || {
        Process::all_with("HOME", home).is_empty().then_some(())
    });
    let state = fixture.home().state();
    let drafts = state.files(".tmp");
    let removes = ["unlink", "unlinkat"].contains(&name);
    let is_broken_off = fault == Fault::Kill || answer.stderr.contains(GIVES_UP);
    let most = if is_broken_off { 2 } else { usize::from(removes) };
    assert!(drafts.len() <= most, "{drafts:?} are left");
    assert_eq!(state.files(".unreadable"), [""; 0]);
}
