//! The process's environment. Only this module reads it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use api_key_helper_backend::{CHAIN_VARIABLE, Variables};
use api_key_helper_cache::decides;

/// The environment variables at the start of the process.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<OsString, OsString>,
    /// The caller's working directory, saved because a background refresh leaves it.
    folder: PathBuf,
}

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "the one place where the worker reads variables")]
    pub(crate) fn read() -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self { variables: std::env::vars_os().collect(), folder }
    }

    /// The value of a variable. On Windows, names ignore case: `Path` is `PATH`.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        find(&self.variables, name, cfg!(windows)).map(|(_, value)| value.clone())
    }

    /// Resolves a path from a variable against the caller's working directory.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Returns this environment without the variable `name`.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut variables = self.variables.clone();
        let found = find(&self.variables, name, cfg!(windows)).map(|(found, _)| found);
        found.and_then(|found| variables.remove(found));
        Self { variables, folder: self.folder.clone() }
    }

    /// The variables that can change the meaning of a configuration.
    pub(crate) fn deciding(&self) -> BTreeMap<OsString, OsString> {
        let deciding = self.variables.iter().filter(|(name, _)| decides(name));
        deciding.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The variables from which backends take missing settings. Bytes that are not UTF-8 become
    /// U+FFFD, so that the reader can refuse the value and name the variable.
    pub(crate) fn texts(&self) -> Variables {
        self.variables
            .iter()
            .filter_map(|(name, value)| {
                // Windows ignores case, and sources ask for `VAULT_ADDR` in upper case.
                let name = name.to_str()?;
                let name = if cfg!(windows) { name.to_uppercase() } else { name.to_owned() };
                Some((name, value.to_string_lossy().into_owned()))
            })
            .collect()
    }

    /// The chain of sources that the calling processes are fetching.
    pub(crate) fn chain(&self) -> String {
        self.variable(CHAIN_VARIABLE).and_then(|chain| chain.into_string().ok()).unwrap_or_default()
    }
}

fn find<'a>(
    variables: &'a BTreeMap<OsString, OsString>,
    name: &str,
    is_case_ignored: bool,
) -> Option<(&'a OsString, &'a OsString)> {
    let exact = variables.get_key_value(OsStr::new(name));
    exact.or_else(|| {
        let is_same = |found: &OsStr| is_case_ignored && found.eq_ignore_ascii_case(name);
        variables.iter().find(|(found, _)| is_same(found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variable_name_ignores_case_on_windows() {
        let variables = BTreeMap::from([("Path".into(), "a".into()), ("HOME".into(), "h".into())]);
        let value = |name: &str, is_case_ignored: bool| {
            find(&variables, name, is_case_ignored).map(|(_, value)| value.to_str().unwrap())
        };
        assert_eq!(value("PATH", true), Some("a"));
        assert_eq!(value("PATH", false), None);
        assert_eq!(value("HOME", false), Some("h"));
        assert_eq!(value("PATHS", true), None);
    }
}
