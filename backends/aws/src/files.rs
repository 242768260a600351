//! The files that the SDK would read, read by us and handed to it: it would wait for the writer of
//! a FIFO without end, take a byte-order mark for a name, and a file in another encoding for empty.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use api_key_helper_backend::text::{self, Form};
use api_key_helper_backend::{Error, Secret};
use api_key_helper_system::{ReadError, advice, read_input};
use aws_config::profile::{self, ProfileSet};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::Fs;
use zeroize::Zeroizing;

use crate::environment::{CONFIG_FILE, CREDENTIALS_FILE, Environment};

/// The shared files. One that is not there is empty.
#[derive(Debug)]
pub(crate) struct SharedFiles {
    config: SharedFile,
    credentials: SharedFile,
}

struct SharedFile {
    path: PathBuf,
    text: String,
    /// Why it is empty, where it may hold something. Without credentials from elsewhere, this is
    /// the reason.
    unread: Option<Error>,
}

impl SharedFiles {
    /// Reads them where `environment` says, in `time`.
    ///
    /// # Errors
    /// Misconfigured, where one is not text, or is a FIFO that no process writes into, or is said to be
    /// below an unknown home folder.
    pub(crate) async fn read(environment: &Environment, time: Duration) -> Result<Self, Error> {
        Ok(Self {
            config: SharedFile::read(environment, CONFIG_FILE, "~/.aws/config", time).await?,
            credentials: SharedFile::read(
                environment,
                CREDENTIALS_FILE,
                "~/.aws/credentials",
                time,
            )
            .await?,
        })
    }

    /// The profiles in them, of which `name` is selected, else the environment's.
    ///
    /// # Errors
    /// Misconfigured, with the file and the line.
    pub(crate) async fn profiles(
        &self,
        environment: &Environment,
        name: Option<&str>,
    ) -> Result<ProfileSet, Error> {
        let Self { config, credentials } = self;
        // By their paths, so that an error names one.
        let fs = only([config, credentials].map(|file| (file.path.clone(), file.text.as_bytes())));
        let files = EnvConfigFiles::builder()
            .with_file(EnvConfigFileKind::Config, &config.path)
            .with_file(EnvConfigFileKind::Credentials, &credentials.path)
            .build();
        let name = name.map(|name| name.to_owned().into());
        profile::load(&fs, &environment.env(), &files, name).await.map_err(|error| {
            let why = api_key_helper_http::cause(&error);
            Error::misconfigured(format!("the shared files of aws cannot be read: {why}"))
                .with_hint("look at `~/.aws/config` and `~/.aws/credentials`")
        })
    }

    /// For the SDK.
    pub(crate) fn for_sdk(&self) -> EnvConfigFiles {
        EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, &self.config.text)
            .with_contents(EnvConfigFileKind::Credentials, &self.credentials.text)
            .build()
    }

    /// Why a file that may hold credentials was not read.
    pub(crate) fn unread(&self) -> Option<&Error> {
        self.credentials.unread.as_ref().or(self.config.unread.as_ref())
    }
}

impl SharedFile {
    async fn read(
        environment: &Environment,
        variable: &str,
        default: &str,
        time: Duration,
    ) -> Result<Self, Error> {
        let named = environment.get(variable);
        let Some(path) = environment.expanded(named.unwrap_or(default)) else {
            return match named {
                Some(path) => Err(Error::misconfigured(format!(
                    "the variable `{variable}` is `{path}`, and there is no home folder"
                ))
                .with_hint("set `HOME` to an absolute path")),
                None => Ok(Self { path: PathBuf::new(), text: String::new(), unread: None }),
            };
        };
        match content(&path, time).await {
            Ok(bytes) => Ok(Self { text: decoded(&path, &bytes)?, path, unread: None }),
            // `credential_process` in it would run another user's program.
            Err(ReadError::Refused(error)) => Err(error),
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self { path, text: String::new(), unread: None })
            }
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
                Err(unreadable(&path, &error))
            }
            Err(ReadError::Io(error)) => {
                let unread = Some(unreadable(&path, &error));
                Ok(Self { path, text: String::new(), unread })
            }
        }
    }
}

/// Not the text, which may hold keys.
impl std::fmt::Debug for SharedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Reads the token in the file at `path`. `advice` says how a file that is not there comes back.
///
/// # Errors
/// Misconfigured.
pub(crate) async fn token(
    path: &Path,
    form: Form,
    time: Duration,
    advice: &str,
) -> Result<Secret, Error> {
    let content = content(path, time).await;
    let content = content.map_err(|error| {
        error.into_error(|error| match error.kind() {
            io::ErrorKind::NotFound => unreadable(path, error).with_hint(advice),
            _ => unreadable(path, error),
        })
    })?;
    let token = text::secret(&content);
    token
        .and_then(|token| text::check(token.expose(), form).map(|()| token))
        .map_err(|error| error.at(format_args!("the token in `{}`", path.display())))
}

/// Refuses FIFOs, sockets and devices in `folder`, whose files the SDK reads and writes by itself:
/// it would wait for the writer of a FIFO without end.
pub(crate) fn refuse_special_files(folder: &Path) -> Result<(), Error> {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = file.path();
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            let message = format!("`{}` is not a plain file", path.display());
            return Err(Error::misconfigured(message)
                .with_hint("run `aws sso logout`, and `aws sso login`"));
        }
    }
    Ok(())
}

/// A file system of these files alone.
pub(crate) fn only<'a>(files: impl IntoIterator<Item = (PathBuf, &'a [u8])>) -> Fs {
    let files = files.into_iter().map(|(path, content)| (path.into_os_string(), content.to_vec()));
    Fs::from_raw_map(files.collect::<HashMap<OsString, Vec<u8>>>())
}

async fn content(path: &Path, time: Duration) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read_input(&path, LONGEST, time)).await;
    read.unwrap_or_else(|lost| Err(ReadError::Io(lost.into())))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    Error::misconfigured(format!("`{shown}` cannot be read: {error}"))
        .with_hint(format!("look at it with `{}`", advice::look_at(path)))
}

/// The text of a shared file. A comment may be in any encoding.
fn decoded(path: &Path, bytes: &[u8]) -> Result<String, Error> {
    let shown = path.display();
    let bytes = text::unmarked(bytes).map_err(|error| error.at(format_args!("`{shown}`")))?;
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        let Err(error) = std::str::from_utf8(line) else { continue };
        if !has_comment(&line[..error.valid_up_to()]) {
            return Err(Error::misconfigured(format!(
                "`{shown}` is not text: line {number} is not UTF-8"
            ))
            .with_hint("save it as UTF-8"));
        }
    }
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// As the SDK reads them: a comment begins a line, or follows white space.
fn has_comment(line: &[u8]) -> bool {
    let begins = |byte: &u8| matches!(byte, b'#' | b';');
    line.first().is_some_and(begins)
        || line.windows(2).any(|pair| matches!(pair[0], b' ' | b'\t') && begins(&pair[1]))
}

/// Many times what people write, in bytes.
const LONGEST: u64 = 1 << 20;
