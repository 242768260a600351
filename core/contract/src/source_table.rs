//! A source's table, as its backend reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use api_key_helper_tables::{Document, Located, Locked, fields};
use serde::de::DeserializeOwned;

use crate::source_settings::SourceSettings;
use crate::text::{self, Form};
use crate::{Error, SecretInput};

/// The environment variables that the configuration may be filled from. U+FFFD stands in them for
/// what is not text.
pub type Variables = BTreeMap<String, String>;

/// A source's table. What its backend reads from it is recorded, for an entry is only good as long
/// as the environment variables that went into it have the same values.
#[derive(Debug)]
pub struct SourceTable {
    name: String,
    table: Located,
    variables: Variables,
    locked: Locked,
    reads: Mutex<Reads>,
}

/// What a backend was built from, beside its table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reads {
    /// Names of environment variables that say whose key it is.
    pub selectors: BTreeSet<String>,
    /// Names of other environment variables, such as credentials.
    pub variables: BTreeSet<String>,
    /// Names of other sources.
    pub sources: BTreeSet<String>,
    /// What a person should know about these settings, and is no error.
    pub warnings: BTreeSet<String>,
}

impl SourceTable {
    /// The `table` of source `name`, which may be filled from `variables` as far as `locked`
    /// allows.
    #[must_use]
    pub fn new(name: &str, table: Located, variables: Variables, locked: Locked) -> Self {
        Self { name: name.to_owned(), table, variables, locked, reads: Mutex::default() }
    }

    /// The table that `text` holds, as if it stood in `folder`: for tests of a backend.
    ///
    /// # Errors
    /// When `text` is not TOML.
    pub fn from_toml(
        name: &str,
        text: &str,
        folder: &Path,
        variables: Variables,
    ) -> Result<Self, Error> {
        let Document { values, places } =
            Document::parse(folder.join("config.toml"), text.as_bytes())?;
        let path = vec!["source".to_owned(), name.to_owned()];
        Ok(Self::new(name, Located { path, values, places }, variables, Locked::default()))
    }

    /// The source's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the backend's own keys. `C` is a structure: what it has no field for, and is not a
    /// setting that all sources have, is an unknown key.
    ///
    /// # Errors
    /// Misconfigured, with file, line, column and the nearest known key. A lock on what is no key
    /// of this source is an error too.
    pub fn parse<C: DeserializeOwned>(&self) -> Result<C, Error> {
        let read = self.table.read_with::<C>(SourceSettings::keys())?;
        self.locked.check_source(&self.name, &[fields::<C>(), SourceSettings::keys()].concat())?;
        Ok(read)
    }

    /// A Misconfigured error about the value of `key`, which says where that stands.
    pub fn error(&self, key: &str, message: impl AsRef<str>) -> Error {
        self.table.error(&[key.to_owned()], message)
    }

    /// The place of `key`, as errors about its value begin: file, line, column and name.
    #[must_use]
    pub fn place(&self, key: &str) -> String {
        self.table.described(&[key.to_owned()])
    }

    /// `path` as it is written in `key`, made absolute: a relative path is relative to the file
    /// that holds it.
    #[must_use]
    pub fn path(&self, key: &str, path: &Path) -> PathBuf {
        self.table.resolve(key, path)
    }

    /// `path`, which an environment variable says, made absolute by the caller's folder: a refresh
    /// behind an answer leaves that folder, so this is done before. A `~` in front stays for its
    /// reader.
    #[must_use]
    pub fn path_of_variable(path: &str) -> PathBuf {
        if Path::new(path).starts_with("~") {
            return path.into();
        }
        std::path::absolute(path).unwrap_or_else(|_| path.into())
    }

    /// An environment variable that has a part in how the key is obtained, such as a credential,
    /// and does not say whose key it is, [trimmed](text::trim). Its name is recorded, set or not.
    /// Only white space is as if it were not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        self.record(|reads| reads.variables.insert(name.to_owned()));
        self.unrecorded(name)
    }

    /// The same for a variable that says whose key it is, such as an account: each of its values
    /// has an entry of its own. It is no secret.
    #[must_use]
    pub fn selector(&self, name: &str) -> Option<String> {
        self.record(|reads| reads.selectors.insert(name.to_owned()));
        self.unrecorded(name)
    }

    /// The same for a variable that says how a server is reached, and not whose key it gives: an
    /// entry does not depend on it, and so it is not recorded.
    #[must_use]
    pub fn unrecorded(&self, name: &str) -> Option<String> {
        let value = text::trim(self.variables.get(name)?);
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// As [`SourceTable::variable`], for a variable that says what `key` would, where the file
    /// leaves `key` out.
    ///
    /// # Errors
    /// Misconfigured, where it is more than one line, or is set although the system's file locks
    /// `key`.
    pub fn filling(&self, key: &str, name: &str) -> Result<Option<String>, Error> {
        self.unlocked(key, name, self.variable(name))
    }

    /// As [`SourceTable::selector`], for a variable that says what `key` would, where the file
    /// leaves `key` out.
    ///
    /// # Errors
    /// As [`SourceTable::filling`].
    pub fn selecting(&self, key: &str, name: &str) -> Result<Option<String>, Error> {
        self.unlocked(key, name, self.selector(name))
    }

    fn unlocked(
        &self,
        key: &str,
        name: &str,
        value: Option<String>,
    ) -> Result<Option<String>, Error> {
        text::check(value.as_deref().unwrap_or_default(), Form::Line)
            .map_err(|error| error.at(format_args!("the variable `{name}`")))?;
        let path: Vec<String> = self.table.path.iter().cloned().chain([key.to_owned()]).collect();
        if value.is_some() && self.locked.covers(&path) {
            return Err(self.locked.refusal(&path, &format!("the variable `{name}`")));
        }
        Ok(value)
    }

    /// A secret input as it is written in `key`, with its path made absolute, and recorded.
    #[must_use]
    pub fn input(&self, key: &str, input: SecretInput) -> SecretInput {
        match input {
            SecretInput::Ambient(ambient) => {
                for name in ambient.variables() {
                    self.record(|reads| reads.variables.insert((*name).to_owned()));
                }
                SecretInput::Ambient(ambient)
            }
            SecretInput::File(file) => SecretInput::File(self.path(key, &file)),
            SecretInput::Command(mut command) => {
                if let Some(program) = command.first_mut()
                    && let Ok(path) =
                        self.path(key, Path::new(program)).into_os_string().into_string()
                {
                    *program = path;
                }
                SecretInput::Command(command)
            }
            SecretInput::Env(name) => {
                self.record(|reads| reads.variables.insert(name.clone()));
                SecretInput::Env(name)
            }
            SecretInput::Source(name) => {
                self.record(|reads| reads.sources.insert(name.clone()));
                SecretInput::Source(name)
            }
        }
    }

    /// Records what a person should know about these settings, and is no error: `status` says it.
    pub fn warn(&self, warning: impl Into<String>) {
        self.record(|reads| reads.warnings.insert(warning.into()));
    }

    /// What was read so far.
    #[must_use]
    pub fn reads(&self) -> Reads {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, change: impl FnOnce(&mut Reads) -> bool) {
        change(&mut self.reads.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ambient;

    #[test]
    fn backend_settings_record_the_variables_they_read() {
        let pairs = [("VAULT_ADDR", "\u{feff}http://x\r\n"), ("EMPTY", " \n")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let text = "token = { env = 'T' }\n";
        let table = SourceTable::from_toml("v", text, Path::new("/c"), pairs).unwrap();
        assert_eq!(table.variable("VAULT_ADDR").as_deref(), Some("http://x"));
        assert_eq!((table.variable("EMPTY"), table.variable("NONE")), (None, None));
        let input = |input| table.input("token", input);
        assert_eq!(input(SecretInput::Env("T".into())), SecretInput::Env("T".into()));
        assert_eq!(input(SecretInput::File("t".into())), SecretInput::File("/c/t".into()));
        let SecretInput::Command(words) =
            input(SecretInput::Command(vec!["bin/x".into(), "y".into()]))
        else {
            panic!("it is a command");
        };
        // Each system has its separators.
        assert_eq!((Path::new(&words[0]), words[1].as_str()), (Path::new("/c/bin/x"), "y"));
        assert_eq!(input(SecretInput::Source("s".into())), SecretInput::Source("s".into()));
        let job = SecretInput::Ambient(Ambient::GithubActions { audience: Some("a".into()) });
        assert_eq!(input(job.clone()), job);
        assert_eq!(table.selector("VAULT_NAMESPACE"), None);
        let reads = table.reads();
        assert_eq!(reads.selectors.into_iter().collect::<Vec<_>>(), ["VAULT_NAMESPACE"]);
        // The job's other variable is a secret that rotates.
        assert_eq!(
            reads.variables.into_iter().collect::<Vec<_>>(),
            ["ACTIONS_ID_TOKEN_REQUEST_URL", "EMPTY", "NONE", "T", "VAULT_ADDR"]
        );
        assert_eq!(reads.sources.into_iter().collect::<Vec<_>>(), ["s"]);
    }

    #[test]
    fn path_of_variable_is_relative_to_the_callers_folder() {
        let folder = std::env::current_dir().unwrap();
        let root = folder.ancestors().last().unwrap();
        // Only Windows leaves out what a `..` takes back: elsewhere `pki` may be a link.
        let above = if cfg!(windows) { "ca.pem" } else { "pki/../ca.pem" };
        for (path, expected) in [
            ("ca.pem", folder.join("ca.pem")),
            ("./pki/../ca.pem", folder.join(above)),
            ("/ca.pem", root.join("ca.pem")),
            ("~/ca.pem", "~/ca.pem".into()),
            ("~ca.pem", folder.join("~ca.pem")),
        ] {
            assert_eq!(SourceTable::path_of_variable(path), expected);
        }
    }

    #[test]
    fn variable_of_two_lines_is_refused_by_its_name() {
        let pairs = [("VAULT_NAMESPACE".to_owned(), "team-a\nteam-b".to_owned())].into();
        let table = SourceTable::from_toml("v", "", Path::new("/c"), pairs).unwrap();
        let error = table.filling("namespace", "VAULT_NAMESPACE").unwrap_err();
        let expected =
            "the variable `VAULT_NAMESPACE` has more than one line: the first ends at position 7";
        assert_eq!(error.message(), expected);
    }
}
