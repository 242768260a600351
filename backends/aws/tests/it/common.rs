//! A source in the place that the engine gives it, and an AWS to ask.

use std::collections::BTreeMap;
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use api_key_helper_backend::SourceTable;
use integration_tests::servers::Moto;
use integration_tests::servers::moto::{AccessKey, allow, trust};
use integration_tests::source;
use serde_json::json;
use tempfile::TempDir;

/// A source of this backend, with a folder that is its home.
#[derive(Debug)]
pub(crate) struct Source {
    folder: TempDir,
    source: source::Source,
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
        let mut source = source::Source::new(backend, &SECRETS);
        for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            if let Some(secret) = all.get(name) {
                source.hide(secret);
            }
        }
        source.variables = all;
        Self { folder, source }
    }

    /// A source that asks [`aws`] with the long-lived keys of a user.
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

/// Where the secrets of a renewal are.
const SECRETS: [&str; 2] = ["/session/secret_access_key", "/session/session_token"];

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

/// The external id, without which the role of [`aws`] cannot be assumed.
pub(crate) const EXTERNAL_ID: &str = "partner-17";

/// The path of a file of the home as the shared files write it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
