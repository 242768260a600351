//! AWS accounts for the tests.

use std::sync::OnceLock;

use integration_tests::servers::Moto;
use integration_tests::servers::moto::{AccessKey, allow, text, trust};
use serde_json::{Value, json};

/// An account at a server that checks signatures, session tokens and permissions. No test changes
/// it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) moto: Moto,
    /// May read secrets.
    pub(crate) reader: AccessKey,
    /// May only assume roles.
    pub(crate) caller: AccessKey,
    /// May do nothing.
    pub(crate) nobody: AccessKey,
    /// The ARN of a role that may read secrets, and requires [`EXTERNAL_ID`].
    pub(crate) role: String,
    /// The ARN of a secret in eu-west-1.
    pub(crate) abroad: String,
    /// The ID of the version of the secret `staged` whose key is `sk-second`.
    pub(crate) second: String,
}

/// Returns the account, which lives as long as the tests.
pub(crate) fn account() -> &'static Account {
    static ACCOUNT: OnceLock<Account> = OnceLock::new();
    ACCOUNT.get_or_init(|| {
        let moto = Moto::start();
        let read = [allow("secretsmanager:GetSecretValue"), allow("secretsmanager:DescribeSecret")];
        moto.secret("plain", &string(KEY));
        let fields = json!({ "api_key": KEY, "deep": { "keys": ["a", "sk-deep"] } });
        moto.secret("fields", &string(&fields.to_string()));
        moto.secret("binary", &json!({ "SecretBinary": "c2stYmluYXJ5Cg==" }));
        moto.secret("deleted", &string(KEY));
        moto.secrets_manager("DeleteSecret", &json!({ "SecretId": "deleted" }));
        moto.secret("staged", &string("sk-first"));
        let put = |key: &str, stage: &str| {
            let version =
                json!({ "SecretId": "staged", "SecretString": key, "VersionStages": [stage] });
            text(&moto.secrets_manager("PutSecretValue", &version), "VersionId")
        };
        let second = put("sk-second", "AWSCURRENT");
        put("sk-pending", "AWSPENDING");
        put("sk-own", "own");
        moto.secret_in("eu-west-1", "plain", &string(KEY_ABROAD));
        let account = Account {
            reader: moto.user("reader", &read),
            caller: moto.user("caller", &[allow("sts:AssumeRole")]),
            nobody: moto.user("nobody", &[]),
            role: moto.role("reading", &trust("caller", Some(EXTERNAL_ID)), &read),
            abroad: moto.secret_in("eu-west-1", "abroad", &string("sk-abroad")),
            second,
            moto,
        };
        account.moto.check(true);
        account
    })
}

impl Account {
    /// Returns the lines of a source that reads the secret `plain` with the role.
    pub(crate) fn as_role(&self) -> String {
        let role = &self.role;
        format!(
            "secret_id = \"plain\"\n\
             assume_role = {{ arn = \"{role}\", external_id = \"{EXTERNAL_ID}\" }}"
        )
    }
}

/// Returns an AWS that accepts every request: for credentials that it did not issue, for unsigned
/// requests, and behind a proxy, which breaks signatures. No test changes it.
pub(crate) fn credulous() -> &'static Moto {
    static CREDULOUS: OnceLock<Moto> = OnceLock::new();
    CREDULOUS.get_or_init(|| {
        let moto = Moto::start();
        moto.secret("plain", &string(KEY));
        moto.secret_in("eu-west-1", "plain", &string(KEY_ABROAD));
        moto
    })
}

fn string(text: &str) -> Value {
    json!({ "SecretString": text })
}

/// The key in most secrets.
pub(crate) const KEY: &str = "sk-ant-made-up-0001";

/// The key in the secret `plain` in eu-west-1.
pub(crate) const KEY_ABROAD: &str = "sk-ant-made-up-eu-0001";

/// The external ID that the role requires.
pub(crate) const EXTERNAL_ID: &str = "partner-17";

/// A role that the server without checks does not know.
pub(crate) const ANY_ROLE: &str = "arn:aws:iam::123456789012:role/any";

/// Returns long-lived credentials for the server without checks.
pub(crate) fn anybody() -> AccessKey {
    AccessKey { id: "AKIAMADEUP".to_owned(), secret: "made-up-secret-access-key".to_owned() }
}
