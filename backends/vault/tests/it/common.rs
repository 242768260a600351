//! A source in the place that the engine gives it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{
    Attempt, Backend, Credential, Error, ErrorKind, FetchRequest, Secret, SecretInput,
};
use async_trait::async_trait;
use integration_tests::servers::OpenBao;
use serde_json::json;
use tempfile::TempDir;

/// A source, and what the engine would keep for it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) toml: String,
    folder: TempDir,
    backend: Box<dyn Backend>,
    pub(crate) renewal: Option<Secret>,
    /// How much later than now the next attempt believes it is.
    pub(crate) later: Duration,
    pub(crate) time: Duration,
    variables: BTreeMap<String, String>,
    /// What other sources would give.
    pub(crate) sources: BTreeMap<String, String>,
    /// The disk takes nothing.
    pub(crate) disk_full: bool,
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
        Self {
            toml: toml.to_owned(),
            folder,
            backend,
            renewal: None,
            later: Duration::ZERO,
            time: Duration::from_secs(10),
            variables,
            sources: BTreeMap::new(),
            disk_full: false,
        }
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

    /// One attempt, after which the renewal is what the engine would have.
    pub(crate) fn fetch(&mut self) -> Result<Credential, Error> {
        let (result, kept) = self.attempt(async |backend, request| backend.fetch(&request).await);
        if let Some(kept) = kept {
            self.renewal = Some(kept);
        }
        match &result {
            Ok(Credential { renewal: Some(renewal), .. }) => self.renewal = Some(renewal.clone()),
            Ok(_) => {}
            Err(error) => self.check(error),
        }
        result
    }

    /// The key of an attempt that must succeed.
    pub(crate) fn key(&mut self) -> String {
        self.fetch().unwrap_or_else(|error| panic!("{}", error.report())).key.expose().to_owned()
    }

    /// The error of an attempt that must fail so.
    pub(crate) fn error(&mut self, kind: ErrorKind) -> Error {
        let error = self.fetch().unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        error
    }

    /// Gives everything back.
    pub(crate) fn revoke(&mut self) -> Result<(), Error> {
        self.attempt(async |backend, request| backend.revoke(&request).await).0
    }

    fn attempt<T>(
        &self,
        run: impl AsyncFnOnce(&dyn Backend, FetchRequest<'_>) -> T,
    ) -> (T, Option<Secret>) {
        let attempt =
            TestAttempt { source: self, end: Instant::now() + self.time, kept: Mutex::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = FetchRequest::new(self.renewal.as_ref(), &attempt);
        let result = runtime.block_on(run(self.backend.as_ref(), request));
        (result, attempt.kept.into_inner().unwrap())
    }

    /// No error tells what was kept, and each is in the form of all errors.
    fn check(&self, error: &Error) {
        let shown = format!("{}{error:?}", error.report());
        for secret in self.secrets() {
            assert!(!shown.contains(&secret), "a secret is shown: {shown}");
        }
        let message = error.message();
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(!message.starts_with(char::is_uppercase), "{message}");
    }

    /// All that the renewal holds in secrets.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let Some(renewal) = &self.renewal else { return Vec::new() };
        let kept: serde_json::Value = serde_json::from_str(renewal.expose()).unwrap();
        ["/token/secret", "/lease/key", "/unwrapped/secret", "/unwrapped/wrapping"]
            .into_iter()
            .filter_map(|pointer| Some(kept.pointer(pointer)?.as_str()?.to_owned()))
            .filter(|secret| !secret.is_empty())
            .collect()
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

#[derive(Debug)]
struct TestAttempt<'a> {
    source: &'a Source,
    end: Instant,
    kept: Mutex<Option<Secret>>,
}

#[async_trait]
impl Attempt for TestAttempt<'_> {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.source.later
    }

    fn time_left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    fn chain(&self) -> &str {
        "v"
    }

    async fn keep(&self, renewal: &Secret) -> Result<(), Error> {
        if self.source.disk_full {
            return Err(Error::transient("the disk is full"));
        }
        *self.kept.lock().unwrap() = Some(renewal.clone());
        Ok(())
    }

    async fn make_room(&self) -> Result<(), Error> {
        if self.source.disk_full { Err(Error::transient("the disk is full")) } else { Ok(()) }
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        let found = match input {
            SecretInput::Env(name) => self.source.variables.get(name).cloned(),
            SecretInput::File(path) => match fs::read_to_string(path) {
                Ok(text) => Some(text.trim().to_owned()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => panic!("{error}"),
            },
            SecretInput::Source(name) => self.source.sources.get(name).cloned(),
            other => panic!("{other:?}"),
        };
        found
            .map(Secret::from)
            .ok_or_else(|| Error::misconfigured(format!("there is no {input:?}")))
    }
}

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
