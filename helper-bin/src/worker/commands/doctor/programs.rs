//! The two programs: whether they belong together, and where they are.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use api_key_helper_core::trust;
use api_key_helper_script::observe;

use super::finding::{Check, Finding};
use crate::cli::VERSION;
use crate::front;

/// Where the programs are.
#[derive(Clone, Debug, Default)]
pub(super) struct Programs {
    /// The front, by its own real file, if it is there.
    pub(super) front: Option<PathBuf>,
    /// This program.
    pub(super) worker: Option<PathBuf>,
}

impl Programs {
    pub(super) fn find() -> Self {
        let worker = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
        let front = worker.as_deref().and_then(|worker| front::real(worker).ok());
        Self { front, worker }
    }

    pub(super) async fn check(&self) -> Vec<Finding> {
        vec![self.about_worker(), self.about_front().await]
    }

    fn about_worker(&self) -> Finding {
        let check = Check::Worker;
        let Some(worker) = &self.worker else {
            let text = "the worker cannot tell where it is";
            return Finding::warning(check, text, "mount `/proc`, or start it by its path");
        };
        let objection = worker.metadata().ok();
        match objection.and_then(|metadata| trust::objection(worker, &metadata)) {
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
        if let Some(error) =
            front.metadata().ok().and_then(|metadata| trust::objection(front, &metadata))
        {
            return Finding::of(check, &error);
        }
        // It becomes its worker, who refuses a front of another version.
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
const MEND: &str = "install api-key-helper anew, both of its programs";
/// For a program that has nothing to do but to start another one.
const PATIENCE: Duration = Duration::from_secs(10);
