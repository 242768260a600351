//! Locates the front of this worker, and the path under which it is installed.

use std::io;
use std::path::{Path, PathBuf};

use api_key_helper_system::{own_program, trust};
use api_key_helper_values::Error;

use crate::environment::Environment;

/// The front's absolute path.
///
/// If `PATH` leads to the same file, that path is used. Package managers put a link there that
/// outlives the versions, and the real file into a folder that the next upgrade removes. A folder
/// that others can write to is skipped, because they could redirect the link. Otherwise the real
/// path is used.
pub(crate) fn installed(environment: &Environment) -> Result<PathBuf, Error> {
    let worker = worker()?;
    let name = name();
    let real = real(&worker).map_err(|error| {
        let folder = worker.parent().unwrap_or(&worker);
        Error::misconfigured(format!("no `{name}` belongs to `{}`: {error}", trust::quote(folder)))
            .with_hint("reinstall api-key-helper, with both of its programs")
    })?;
    let path = environment.variable("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let leads_there = |folder: &Path| leads_to(&folder.join(&name), &real);
    let stable = stable_folder(&folders, &real, is_trusted, leads_there);
    Ok(stable.map_or_else(|| shown(&real), |folder| folder.join(&name)))
}

/// The first folder of `PATH` that leads to the front and that others cannot redirect.
///
/// Homebrew's `bin` is an exception: its group can write to it, and on macOS every administrator is
/// in that group. The same group owns the link's target in `Cellar`. A user who could change the
/// link could change the program as well.
fn stable_folder<'a>(
    folders: &'a [PathBuf],
    real: &Path,
    is_trusted: impl Fn(&Path) -> bool,
    leads_there: impl Fn(&Path) -> bool,
) -> Option<&'a Path> {
    let is_of_homebrew = |folder: &Path| {
        folder.ends_with("bin")
            && folder.parent().is_some_and(|prefix| real.starts_with(prefix.join("Cellar")))
    };
    folders
        .iter()
        .map(PathBuf::as_path)
        .filter(|folder| folder.is_absolute())
        .find(|folder| (is_trusted(folder) || is_of_homebrew(folder)) && leads_there(folder))
}

/// The path as a shell accepts it: on Windows, `cmd` does not run a path that begins with `\\?\`.
fn shown(real: &Path) -> PathBuf {
    #[cfg(windows)]
    return trust::without_verbatim_prefix(real);
    #[cfg(not(windows))]
    real.to_owned()
}

/// The real path of this program. The front starts it by its path.
pub(crate) fn worker() -> Result<PathBuf, Error> {
    own_program(&std::env::args_os().next().unwrap_or_default())
}

/// The front's real file: beside the worker, or in `bin` if the worker is in
/// `libexec/api-key-helper`.
pub(crate) fn real(worker: &Path) -> io::Result<PathBuf> {
    let name = name();
    let folder = worker.parent().unwrap_or(worker);
    folder.join(&name).canonicalize().or_else(|error| {
        let root = folder.ancestors().nth(2).filter(|_| folder.ends_with("libexec/api-key-helper"));
        root.map_or(Err(error), |root| root.join("bin").join(&name).canonicalize())
    })
}

fn is_trusted(folder: &Path) -> bool {
    trust::follow(folder).is_ok()
}

fn leads_to(path: &Path, real: &Path) -> bool {
    path.canonicalize().is_ok_and(|found| found == real)
}

fn name() -> String {
    format!("api-key-helper{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn front_symlink_of_homebrew_is_stable_though_its_group_can_write() {
        let folders = ["bin", "/opt/homebrew/bin", "/usr/local/bin"].map(PathBuf::from);
        let found = |real: &str, trusted: &str| {
            stable_folder(
                &folders,
                Path::new(real),
                |folder| folder == Path::new(trusted),
                |_| true,
            )
            .map(|folder| folder.to_str().unwrap())
        };
        let cellar = "/opt/homebrew/Cellar/api-key-helper/1.2.3/bin/api-key-helper";
        assert_eq!(found(cellar, "/usr/local/bin"), Some("/opt/homebrew/bin"));
        // Any other folder of this kind is skipped.
        assert_eq!(found("/opt/own/api-key-helper", "/usr/local/bin"), Some("/usr/local/bin"));
        assert_eq!(found("/opt/own/api-key-helper", ""), None);
    }
}
