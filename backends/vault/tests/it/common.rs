//! A source in the place that the engine gives it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use api_key_helper_backend::{Backend, Error, SourceTable};
use integration_tests::servers::OpenBao;
use integration_tests::source;
use serde_json::json;
use tempfile::TempDir;

/// A source of this backend, with a folder for its files.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) toml: String,
    folder: TempDir,
    source: source::Source,
}

impl Source {
    /// The source that `toml` describes.
    pub(crate) fn new(toml: &str) -> Self {
        Self::with_variables(toml, &[])
    }

    /// The same in an environment.
    pub(crate) fn with_variables(toml: &str, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let folder = tempfile::tempdir().unwrap();
        let backend = build(toml, folder.path(), &variables).unwrap();
        let mut source = source::Source::new(backend, &SECRETS);
        source.variables = variables;
        Self { toml: toml.to_owned(), folder, source }
    }

    /// Writes a file beside the configuration.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// What the environment has.
    pub(crate) fn variable(&self, name: &str) -> String {
        self.variables[name].clone()
    }
}

impl Deref for Source {
    type Target = source::Source;

    fn deref(&self) -> &source::Source {
        &self.source
    }
}

impl DerefMut for Source {
    fn deref_mut(&mut self) -> &mut source::Source {
        &mut self.source
    }
}

/// The backend that `toml` describes.
pub(crate) fn build(
    toml: &str,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<Box<dyn Backend>, Error> {
    api_key_helper_vault::build(&SourceTable::from_toml("v", toml, folder, variables.clone())?)
}

/// Where the secrets of a renewal are.
const SECRETS: [&str; 4] =
    ["/token/secret", "/lease/key", "/unwrapped/secret", "/unwrapped/wrapping"];

/// The key that [`with_key`] writes.
pub(crate) const KEY: &str = "sk-ant-canary-0001";

/// A server with [`KEY`] at `secret/anthropic`, which the policy `reader` may read.
pub(crate) fn with_key(bao: OpenBao) -> OpenBao {
    bao.write("secret/data/anthropic", &json!({ "data": { "api_key": KEY } }));
    bao.policy("reader", &[("secret/data/anthropic", "read")]);
    bao
}

/// An AppRole `ci` with the policy `reader`: the `auth` line of a source that logs in by it.
pub(crate) fn approle(bao: &OpenBao, role: &serde_json::Value) -> String {
    use integration_tests::servers::admin::text;
    bao.enable_auth("approle", "approle");
    bao.write("auth/approle/role/ci", role);
    let role_id = text(&bao.read("auth/approle/role/ci/role-id"), "/data/role_id");
    format!(
        "auth = {{ method = \"approle\", role_id = \"{role_id}\", secret_id = {{ env = \"ID\" }} }}\n"
    )
}

/// A new secret-id for [`approle`].
pub(crate) fn secret_id(bao: &OpenBao) -> String {
    use integration_tests::servers::admin::text;
    text(&bao.write("auth/approle/role/ci/secret-id", &json!({})), "/data/secret_id")
}

/// A source that reads [`KEY`] by a fresh AppRole login. `role` is what the role has beside its
/// policy.
pub(crate) fn approle_source(bao: &OpenBao, mut role: serde_json::Value) -> Source {
    role["token_policies"] = json!("reader");
    let auth = approle(bao, &role);
    let toml = format!("address = \"{}\"\npath = \"anthropic\"\n{auth}", bao.address());
    Source::with_variables(&toml, &[("ID", &secret_id(bao))])
}
