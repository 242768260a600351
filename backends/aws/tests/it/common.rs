//! A source in the place that the engine gives it, and an AWS to ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{
    Attempt, Backend, Credential, Error, ErrorKind, FetchRequest, Secret, SecretInput,
};
use async_trait::async_trait;
use integration_tests::servers::Moto;
use integration_tests::servers::moto::{AccessKey, allow, trust};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A source, and what the engine would keep for it.
#[derive(Debug)]
pub(crate) struct Source {
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
    /// The source that `toml` describes, in an environment that has no metadata service and no
    /// shared files but what `variables` say.
    pub(crate) fn new(toml: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = BTreeMap::from([
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
            ("HOME".to_owned(), folder.path().display().to_string()),
        ]);
        all.extend(variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let table = SourceTable::from_toml("s", toml, folder.path(), all.clone()).unwrap();
        let backend = api_key_helper_aws::build(&table).unwrap();
        Self {
            folder,
            backend,
            renewal: None,
            later: Duration::ZERO,
            time: Duration::from_secs(10),
            variables: all,
            sources: BTreeMap::new(),
            disk_full: false,
        }
    }

    /// A source that asks [`aws`] with the long-lived keys of somebody.
    pub(crate) fn of(who: &AccessKey, toml: &str) -> Self {
        Self::at(aws().moto.address(), who, toml)
    }

    /// The same of another AWS.
    pub(crate) fn at(address: &str, who: &AccessKey, toml: &str) -> Self {
        Self::new(
            toml,
            &[
                ("AWS_ENDPOINT_URL", address),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", &who.id),
                ("AWS_SECRET_ACCESS_KEY", &who.secret),
            ],
        )
    }

    /// Writes a file below the home.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// One attempt, after which the renewal is what the engine would have.
    pub(crate) fn fetch(&mut self) -> Result<Credential, Error> {
        let attempt =
            TestAttempt { source: self, end: Instant::now() + self.time, kept: Mutex::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = FetchRequest::new(self.renewal.as_ref(), &attempt);
        let result = runtime.block_on(self.backend.fetch(&request));
        if let Some(kept) = attempt.kept.into_inner().unwrap() {
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
        self.fetch()
            .unwrap_or_else(|error| panic!("{:?} {}", error.kind(), error.report()))
            .key
            .expose()
            .to_owned()
    }

    /// The error of an attempt that must fail so.
    pub(crate) fn error(&mut self, kind: ErrorKind) -> Error {
        let error = self.fetch().unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        error
    }

    /// What is kept, as it is written.
    pub(crate) fn kept(&self) -> Value {
        self.renewal
            .as_ref()
            .map_or(Value::Null, |renewal| serde_json::from_str(renewal.expose()).unwrap())
    }

    /// No error tells a secret, and each is in the form of all errors.
    fn check(&self, error: &Error) {
        let shown = format!("{}{error:?}", error.report());
        let kept = self.kept();
        let kept = ["/session/secret_access_key", "/session/session_token"]
            .into_iter()
            .filter_map(|pointer| Some(kept.pointer(pointer)?.as_str()?.to_owned()));
        let given = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
            .into_iter()
            .filter_map(|name| self.variables.get(name).cloned());
        for secret in kept.chain(given) {
            assert!(!shown.contains(&secret), "a secret is shown: {shown}");
        }
        let message = error.message();
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(!message.starts_with(char::is_uppercase), "{message}");
    }
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

    fn chain(&self) -> &'static str {
        "s"
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

/// An AWS that checks signatures and rights, and that no test changes.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) moto: Moto,
    /// May read secrets.
    pub(crate) reader: AccessKey,
    /// May read secrets, and look at them.
    pub(crate) watcher: AccessKey,
    /// May assume roles, and nothing else.
    pub(crate) caller: AccessKey,
    /// May do nothing.
    pub(crate) nobody: AccessKey,
    /// The ARN of a role that may read secrets, for those who know [`EXTERNAL_ID`].
    pub(crate) role: String,
    /// The ARN of a secret in eu-west-1.
    pub(crate) abroad: String,
}

/// It lives as long as the tests.
pub(crate) fn aws() -> &'static Aws {
    static AWS: OnceLock<Aws> = OnceLock::new();
    AWS.get_or_init(|| {
        let moto = Moto::start();
        let read = allow("secretsmanager:GetSecretValue");
        moto.secret("plain", &json!({ "SecretString": KEY }));
        let fields = json!({ "api_key": KEY, "id": 7, "deep": { "keys": ["a", "sk-deep"] } });
        moto.secret("fields", &json!({ "SecretString": fields.to_string() }));
        moto.secret("binary", &json!({ "SecretBinary": "c2stYmluYXJ5Cg==" }));
        moto.secret("noise", &json!({ "SecretBinary": "gIGCgw==" }));
        moto.secret("deleted", &json!({ "SecretString": KEY }));
        moto.secrets_manager("DeleteSecret", &json!({ "SecretId": "deleted" }));
        let abroad = moto.secret_in("eu-west-1", "abroad", &json!({ "SecretString": "sk-abroad" }));
        let aws = Aws {
            reader: moto.user("reader", std::slice::from_ref(&read)),
            watcher: moto.user("watcher", &[read.clone(), allow("secretsmanager:DescribeSecret")]),
            caller: moto.user("caller", &[allow("sts:AssumeRole")]),
            nobody: moto.user("nobody", &[]),
            role: moto.role("reading", &trust("caller", Some(EXTERNAL_ID)), &[read]),
            abroad,
            moto,
        };
        aws.moto.check(true);
        aws
    })
}

/// The key in most secrets of [`aws`].
pub(crate) const KEY: &str = "sk-ant-canary-0001";

/// What whoever assumes the role of [`aws`] must know.
pub(crate) const EXTERNAL_ID: &str = "partner-17";

/// The path of a file of the home as the shared files write it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
