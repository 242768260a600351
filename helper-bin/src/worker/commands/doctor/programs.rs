//! The two programs: whether they belong together, and where they are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use api_key_helper_core::trust;
use api_key_helper_script::observe;

use super::finding::{Check, Finding};
use crate::cli::VERSION;

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
        let front = worker.as_deref().and_then(|worker| {
            let found = candidates(worker).into_iter().find(|path| path.is_file());
            found.and_then(|path| path.canonicalize().ok())
        });
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

/// The front's place, by its worker's: beside it, or where the worker is in
/// `libexec/api-key-helper`, in the `bin` beside that.
fn candidates(worker: &Path) -> Vec<PathBuf> {
    let name = format!("{FRONT}{}", std::env::consts::EXE_SUFFIX);
    let folder = worker.parent();
    let prefix = folder
        .filter(|folder| folder.ends_with("libexec/api-key-helper"))
        .and_then(Path::parent)
        .and_then(Path::parent);
    let bin = prefix.map(|prefix| prefix.join("bin"));
    folder.map(Path::to_owned).into_iter().chain(bin).map(|folder| folder.join(&name)).collect()
}

const FRONT: &str = "api-key-helper";
const MEND: &str = "install api-key-helper anew, both of its programs";
/// For a program that has nothing to do but to start another one.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_front_is_beside_its_worker_or_in_bin() {
        let beside = candidates(Path::new("/opt/helper/api-key-helper-worker"));
        assert_eq!(beside, [Path::new("/opt/helper/api-key-helper")]);
        let apart = candidates(Path::new("/usr/libexec/api-key-helper/api-key-helper-worker"));
        assert_eq!(apart[1], Path::new("/usr/bin/api-key-helper"));
    }
}
