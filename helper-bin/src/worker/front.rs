//! Where the front of this worker is, and by which path it is installed.

use std::io;
use std::path::{Path, PathBuf};

use api_key_helper_core::{Error, trust};

use crate::environment::Environment;

/// The front's absolute path.
///
/// Where PATH leads to the same file, it is the path that PATH has: package managers put a link there
/// that outlives the versions, and the real file in a folder that the next upgrade removes. A folder
/// that others can write is passed over, for they could lead the link elsewhere. Else it is the real
/// file's, which is where the front finds the worker from.
///
/// # Errors
/// Misconfigured: the front is not there.
pub(crate) fn installed(environment: &Environment) -> Result<PathBuf, Error> {
    let worker = std::env::current_exe().and_then(|path| path.canonicalize());
    let worker = worker.map_err(|error| {
        Error::misconfigured(format!("cannot tell where this program is: {error}"))
            .with_hint("mount `/proc`, or start it by its path")
    })?;
    let name = name();
    let real = real(&worker).map_err(|error| {
        let folder = worker.parent().unwrap_or(&worker);
        Error::misconfigured(format!("no `{name}` belongs to `{}`: {error}", trust::quote(folder)))
            .with_hint("install api-key-helper anew, both of its programs")
    })?;
    let path = environment.variable("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let stable = found.find(|folder| is_trusted(folder) && leads_to(&folder.join(&name), &real));
    Ok(stable.map_or(real, |folder| folder.join(&name)))
}

/// The front's real file: beside the worker, or in `bin` where the worker is in
/// `libexec/api-key-helper`.
///
/// # Errors
/// When it is in neither.
pub(crate) fn real(worker: &Path) -> io::Result<PathBuf> {
    let name = name();
    let folder = worker.parent().unwrap_or(worker);
    folder.join(&name).canonicalize().or_else(|error| {
        let root = folder.ancestors().nth(2).filter(|_| folder.ends_with("libexec/api-key-helper"));
        root.map_or(Err(error), |root| root.join("bin").join(&name).canonicalize())
    })
}

fn is_trusted(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|metadata| trust::objection(folder, &metadata).is_none())
}

fn leads_to(path: &Path, real: &Path) -> bool {
    path.canonicalize().is_ok_and(|found| found == real)
}

fn name() -> String {
    format!("api-key-helper{}", std::env::consts::EXE_SUFFIX)
}
