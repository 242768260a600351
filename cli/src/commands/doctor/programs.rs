//! Checks the two programs: their paths, owners and versions.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use api_key_helper_script::observe;
use api_key_helper_system::trust;
use api_key_helper_values::Error;

use super::finding::{Check, Finding, Level};
use crate::cli::VERSION;
use crate::front;

/// The paths of the programs.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// The front's real path, if it exists.
    pub(super) front: Option<PathBuf>,
    /// The path of this program, or why it is unknown.
    pub(super) worker: Result<PathBuf, Error>,
}

impl Programs {
    pub(super) fn find() -> Self {
        let worker = front::worker();
        let front = worker.as_deref().ok().and_then(|worker| front::real(worker).ok());
        Self { front, worker }
    }

    pub(super) async fn check(&self) -> Vec<Finding> {
        let mut findings = vec![self.about_worker()];
        // The front is looked for beside the worker.
        if self.worker.is_ok() {
            findings.push(self.about_front().await);
        }
        findings
    }

    fn about_worker(&self) -> Finding {
        let check = Check::Worker;
        let worker = match &self.worker {
            Ok(worker) => worker,
            // The worker runs without a known path, too.
            Err(error) => return Finding { level: Level::Warning, ..Finding::of(check, error) },
        };
        match trust::objection(worker) {
            Some(error) => Finding::of(check, &error),
            None => Finding::ok(check, format!("`{}` is version {VERSION}", worker.display())),
        }
    }

    async fn about_front(&self) -> Finding {
        let check = Check::Front;
        let Some(front) = &self.front else {
            return Finding::error(check, format!("there is no `{FRONT}` beside its worker"), MEND);
        };
        let shown = front.display();
        if let Some(error) = trust::objection(front) {
            return Finding::of(check, &error);
        }
        // The front becomes its worker, which refuses a front of another version.
        let mut command = Command::new(front);
        command.arg("--version");
        let said = observe(command, PATIENCE).await;
        let expected = format!("{FRONT} {VERSION}\n");
        match said {
            Ok(said) if **said.stdout == *expected.as_bytes() => {
                Finding::ok(check, format!("`{shown}` is of the same version"))
            }
            _ => Finding::error(
                check,
                format!("`{shown}` is of another version than its worker, or does not start"),
                MEND,
            ),
        }
    }
}

const FRONT: &str = "api-key-helper";
const MEND: &str = "reinstall api-key-helper, with both of its programs";
/// The time limit for a program that only starts another one.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use api_key_helper_values::Hint;

    use super::*;

    #[test]
    fn doctor_reports_an_unusable_worker_with_its_reason_and_hint() {
        let error =
            Error::misconfigured("`/w` is writable by others").with_hint("run `chmod o-w /w`");
        let programs = Programs { front: None, worker: Err(error.clone()) };
        let finding = programs.about_worker();
        assert_eq!((finding.level, finding.text.as_str()), (Level::Warning, error.message()));
        assert_eq!(finding.hint.as_deref(), error.hint().map(Hint::text));
    }
}
