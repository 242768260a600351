//! The file that is run. Each attempt looks at it again.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use api_key_helper_backend::Error;
use api_key_helper_system::trust::{follow, quote};
use api_key_helper_system::{ReadError, advice, shell_shorthand};

use crate::shell::EXAMPLE as SHELL;

/// A program as the configuration names it.
#[derive(Clone, Debug)]
pub(crate) struct Executable {
    /// The setting that names it.
    setting: &'static str,
    /// As it is written there.
    written: String,
    /// The same, made absolute.
    path: PathBuf,
    /// The place where it is written: the beginning of an error.
    place: String,
}

impl Executable {
    pub(crate) fn new(setting: &'static str, written: &str, path: PathBuf, place: String) -> Self {
        Self { setting, written: written.to_owned(), path, place }
    }

    /// The absolute path, with its symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A Misconfigured error that says where the program is named.
    pub(crate) fn error(&self, message: &str) -> Error {
        Error::misconfigured(message).introduced_by(&self.place)
    }

    /// Returns the real path of the file to run: no user but the caller and root can put another
    /// one there before it is run.
    pub(crate) fn check(&self) -> Result<PathBuf, Error> {
        let name = quote(&self.path);
        if !self.path.is_absolute() {
            return Err(self
                .error(&format!("`{name}` is not an absolute path"))
                .with_hint(format!("write the absolute path in `{}`", self.setting)));
        }
        let metadata = fs::metadata(&self.path).map_err(|error| self.unseen(&error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "not a regular file" };
            return Err(self
                .error(&format!("`{name}` is {what}"))
                .with_hint(format!("write the path of a program in `{}`", self.setting)));
        }
        let file = follow(&self.path).map_err(|error| match error {
            ReadError::Io(error) => self.unseen(&error),
            ReadError::Refused(error) => error.introduced_by(&self.place),
        })?;
        let metadata = fs::metadata(&file).map_err(|error| self.unseen(&error))?;
        self.check_executable(&file, &metadata)?;
        Ok(file)
    }

    #[cfg(unix)]
    fn check_executable(&self, file: &Path, metadata: &Metadata) -> Result<(), Error> {
        use std::os::unix::fs::MetadataExt as _;

        let mode = metadata.mode() & 0o7777;
        if mode & 0o111 != 0 {
            return Ok(());
        }
        let name = quote(file);
        Err(self
            .error(&format!("`{name}` is not executable: its mode is {mode:04o}"))
            .with_hint(format!("run `chmod a+x {name}`")))
    }

    /// Elsewhere the file's name decides.
    #[cfg(not(unix))]
    fn check_executable(&self, _: &Path, _: &Metadata) -> Result<(), Error> {
        Ok(())
    }

    fn unseen(&self, error: &io::Error) -> Error {
        let name = quote(&self.path);
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                self.error(&format!("`{name}` is not there")).with_hint(self.instead())
            }
            io::ErrorKind::PermissionDenied => self
                .error(&format!("`{name}` cannot be reached: permission denied"))
                .with_hint(format!(
                    "run `{}` to see which folder is closed",
                    advice::look_at_way(&self.path)
                )),
            _ if is_link_loop(error) => self
                .error(&format!("`{name}` is a symbolic link that leads to itself"))
                .with_hint(format!("run `{}`", advice::look_at(&self.path))),
            // A file server that is away, or a system that is out of something.
            _ => Error::transient(format!("`{name}` cannot be looked at: {error}"))
                .introduced_by(&self.place)
                .with_hint(format!("run `{}`", advice::look_at(&self.path))),
        }
    }

    /// What to write in place of a path where nothing is.
    fn instead(&self) -> String {
        if self.setting == "shell" {
            return format!(
                "write the absolute path of a shell that is there, such as `shell = '{SHELL}'`"
            );
        }
        if let Some(hint) = shell_shorthand(Path::new(&self.written)) {
            return hint;
        }
        let is_bare = Path::new(&self.written).file_name() == Some(OsStr::new(&self.written));
        #[expect(clippy::disallowed_methods, reason = "only for a hint")]
        let folders = env::var_os("PATH").unwrap_or_default();
        let found = is_bare.then(|| search(&self.written, &folders));
        match found.flatten() {
            Some(path) => format!("write `{}`: `PATH` is not searched", path.display()),
            None => format!("write the absolute path of the program in `{}`", self.setting),
        }
    }
}

/// Where a shell would find `name`. Relative folders depend on the caller's, and are passed over.
fn search(name: &str, folders: &OsStr) -> Option<PathBuf> {
    env::split_paths(folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

#[cfg(unix)]
fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_link_loop(_: &io::Error) -> bool {
    false
}
