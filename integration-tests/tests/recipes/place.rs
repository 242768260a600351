//! The server with the key, which trusts the provider's tokens.

use std::path::Path;
use std::sync::{Arc, Mutex};

use api_key_helper_values::Secret;
use integration_tests::call::Call;
use integration_tests::executables;
use integration_tests::home::search_path_from;
use integration_tests::install;
use integration_tests::servers::moto::REGION;
use integration_tests::servers::openbao::ROOT;
use integration_tests::servers::{Moto, OpenBao, Relay};
use integration_tests::state::State;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recipe {
    Vault,
    Aws,
}

/// A server, with a relay to it.
#[derive(Debug)]
pub(crate) struct Place {
    server: Server,
    relay: Relay,
    /// Holds all requests while it is locked.
    pub(crate) barrier: Arc<Mutex<()>>,
    /// The folder of the administrator's programs.
    tools: TempDir,
}

#[derive(Debug)]
enum Server {
    Vault(OpenBao),
    Aws(Arc<Moto>),
}

impl Recipe {
    /// Returns the page.
    pub(crate) const fn page(self) -> &'static str {
        match self {
            Self::Vault => "sso-vault.md",
            Self::Aws => "sso-aws.md",
        }
    }

    /// Returns the source whose key callers get.
    pub(crate) const fn outer(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Aws => "aws",
        }
    }
}

impl Place {
    pub(crate) fn new(recipe: Recipe) -> Self {
        let barrier = Arc::new(Mutex::new(()));
        let passed = Arc::clone(&barrier);
        let tools = tempfile::tempdir().unwrap();
        let install = |name: &str, body: &str| {
            executables::write(&tools.path().join(name), format!("#!/bin/sh\n{body}\n"));
        };
        let (server, relay) = match recipe {
            Recipe::Vault => {
                install("vault", &format!("exec '{}' \"$@\"", OpenBao::program().display()));
                let bao = OpenBao::dev();
                let relay = Relay::with_barrier(bao.address(), move |_| pass(&passed));
                (Server::Vault(bao), relay)
            }
            Recipe::Aws => {
                let packages = install::pypi(&["awscli==1.46.3", "boto3==1.44.5"]);
                let line = "exec python3 -m awscli \"$@\"";
                install("aws", &format!("export PYTHONPATH='{}'\n{line}", packages.display()));
                let moto = Arc::new(Moto::start());
                moto.secret(SECRET, &string(""));
                let checking = Arc::clone(&moto);
                let relay = Relay::with_barrier(moto.address(), move |request| {
                    pass(&passed);
                    // A client that has only a token does not sign. While this server checks, it
                    // rejects unsigned requests.
                    checking.check(!request.text.contains(WEB_IDENTITY));
                });
                (Server::Aws(moto), relay)
            }
        };
        Self { server, relay, barrier, tools }
    }

    /// Returns the address for users.
    pub(crate) fn address(&self) -> &str {
        self.relay.address()
    }

    /// Returns the server's own address.
    pub(crate) fn own_address(&self) -> &str {
        match &self.server {
            Server::Vault(bao) => bao.address(),
            Server::Aws(moto) => moto.address(),
        }
    }

    /// Runs `script` as the administrator.
    #[track_caller]
    pub(crate) fn administer(&self, script: &str) {
        let shell = Call::new(Path::new("/bin/sh"), self.tools.path())
            .args(["-euc", script])
            .env("PATH", search_path_from(self.tools.path()))
            .env("HOME", self.tools.path());
        let shell = match &self.server {
            Server::Vault(bao) => shell.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT),
            Server::Aws(moto) => {
                moto.check(false);
                shell
                    .env("AWS_ENDPOINT_URL", moto.address())
                    .env("AWS_ACCESS_KEY_ID", "admin")
                    .env("AWS_SECRET_ACCESS_KEY", "made-up")
                    .env("AWS_DEFAULT_REGION", REGION)
            }
        };
        let answer = shell.run();
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }

    /// Replaces the key.
    pub(crate) fn put(&self, key: &str) {
        match &self.server {
            Server::Vault(bao) => {
                bao.write("secret/data/anthropic", &json!({ "data": { "api_key": key } }));
            }
            Server::Aws(moto) => {
                moto.check(false);
                let mut version = string(key);
                version["SecretId"] = json!(SECRET);
                moto.secrets_manager("PutSecretValue", &version);
            }
        }
    }

    /// Returns the numbers of logins and reads.
    pub(crate) fn asked(&self) -> [usize; 2] {
        match &self.server {
            Server::Vault(bao) => {
                [bao.requests("auth/jwt/login"), bao.reads("secret/data/anthropic")]
            }
            Server::Aws(_) => [WEB_IDENTITY, "secretsmanager.GetSecretValue"]
                .map(|action| self.relay.count(action)),
        }
    }

    /// Makes sessions so short that a new login is needed.
    pub(crate) fn shorten_sessions(&self) {
        // AWS sessions last at least a quarter of an hour.
        if let Server::Vault(_) = &self.server {
            self.change_role(&json!({ "token_ttl": "1s", "token_max_ttl": "1s" }));
        }
    }

    /// Changes the role in Vault.
    pub(crate) fn change_role(&self, changes: &Value) {
        const ROLE: &str = "auth/jwt/role/developer";
        let mut role = self.vault().read(ROLE)["data"].take();
        let changes = changes.as_object().expect("settings").clone();
        role.as_object_mut().expect("settings").extend(changes);
        self.vault().write(ROLE, &role);
    }

    /// Ends the saved session, where it does not expire by itself.
    pub(crate) fn end_session(&self, state: &State) {
        if let Server::Aws(_) = &self.server {
            state.change("aws", |entry| {
                let kept = entry.renewal.take().expect("a session");
                let mut kept: Value = serde_json::from_str(kept.expose()).expect("ours");
                kept["session"]["expires_at"] = json!(1_700_000_000);
                entry.renewal = Some(Secret::new(kept.to_string()));
            });
        }
    }

    /// Invalidates all sessions.
    pub(crate) fn take_sessions_back(&self, state: &State) {
        if let Server::Vault(bao) = &self.server {
            bao.write("sys/leases/revoke-prefix/auth/jwt", &json!({}));
        }
        self.end_session(state);
    }

    /// Restarts the killed Vault, which has lost all data.
    pub(crate) fn restart(&mut self) {
        if let Server::Vault(bao) = &mut self.server {
            bao.start_again();
        }
    }

    /// Returns OpenBao, if the server is one.
    #[track_caller]
    pub(crate) fn vault(&self) -> &OpenBao {
        match &self.server {
            Server::Vault(bao) => bao,
            Server::Aws(_) => panic!("it is AWS"),
        }
    }
}

fn pass(barrier: &Mutex<()>) {
    drop(barrier.lock());
}

/// Returns the value of an AWS secret with the field `api_key`.
fn string(key: &str) -> Value {
    json!({ "SecretString": json!({ "api_key": key }).to_string() })
}

const WEB_IDENTITY: &str = "Action=AssumeRoleWithWebIdentity";

/// The name of the secret on the page.
const SECRET: &str = "prod/anthropic";
