//! The process's environment, read in one place.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use api_key_helper_core::config::Variables;
use api_key_helper_core::{CHAIN_VARIABLE, decides};

/// The environment variables at the start of the process.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "the one place where the worker reads variables")]
    pub(crate) fn read() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(OsStr::new(name)).cloned()
    }

    /// The same, where the variable `name` is not set.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut variables = self.variables.clone();
        variables.remove(OsStr::new(name));
        Self { variables }
    }

    /// Those that can change what a configuration means.
    pub(crate) fn deciding(&self) -> BTreeMap<OsString, OsString> {
        let deciding = self.variables.iter().filter(|(name, _)| decides(name));
        deciding.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Those that are text, for backends to fill gaps from.
    pub(crate) fn texts(&self) -> Variables {
        self.variables
            .iter()
            .filter_map(|(name, value)| {
                Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
            })
            .collect()
    }

    /// The sources that are being fetched by whoever called us.
    pub(crate) fn chain(&self) -> String {
        self.variable(CHAIN_VARIABLE).and_then(|chain| chain.into_string().ok()).unwrap_or_default()
    }
}
