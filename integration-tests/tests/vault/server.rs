//! An OpenBao with a key to read.

use std::cell::Cell;

use integration_tests::servers::admin::text;
use integration_tests::servers::{Admin, OpenBao, Reply, Stub};
use serde_json::{Value, json};

use crate::user::User;

/// A key that occurs nowhere by chance.
pub(crate) const KEY: &str = "sk-canary-4m4nd4r1n-f0und-1n-4-v4ult";
/// A password that does not either.
pub(crate) const PASSWORD: &str = "c0rrect-h0rse-b4ttery-st4ple";

/// Reads the key.
pub(crate) const READ: &str = "secret/data/anthropic";
/// Logs in by AppRole.
pub(crate) const LOGIN: &str = "auth/approle/login";
/// Asks about the own token.
pub(crate) const LOOKUP: &str = "auth/token/lookup-self";

/// A development server with [`KEY`] at `secret/anthropic`, which the policy `reader` may read.
pub(crate) fn server() -> OpenBao {
    let bao = OpenBao::dev();
    put_key(&bao);
    bao
}

/// The same with TLS.
pub(crate) fn tls_server() -> OpenBao {
    let bao = OpenBao::dev_tls();
    put_key(&bao);
    bao
}

/// A server that answers to everything with `key`, as KV version 2 does.
pub(crate) fn stub(key: &str) -> Stub {
    let answer = answer(key);
    Stub::start(move |_| Reply::json(200, &answer))
}

/// The answer of KV version 2 with `key`.
pub(crate) fn answer(key: &str) -> Value {
    json!({
        "request_id": "r", "lease_id": "", "lease_duration": 0, "renewable": false,
        "data": { "data": { "k": key }, "metadata": { "version": 1 } },
    })
}

/// Writes [`KEY`], and the policy to read it.
pub(crate) fn put_key(admin: &Admin) {
    admin.write(READ, &json!({ "data": { "api_key": KEY } }));
    admin.policy("reader", &[(READ, "read")]);
}

/// A token with the policy `reader`.
pub(crate) fn token(bao: &OpenBao) -> String {
    bao.token(&json!({ "policies": ["reader"], "ttl": "1h" }))
}

/// Where the key is.
pub(crate) fn at(address: &str) -> String {
    format!("address = \"{address}\"\npath = \"anthropic\"\n")
}

/// An AppRole `ci` with the policy `reader`, and what `settings` say: its role-id.
pub(crate) fn approle(admin: &Admin, mut settings: Value) -> String {
    admin.enable_auth("approle", "approle");
    settings["token_policies"] = json!("reader");
    admin.write("auth/approle/role/ci", &settings);
    text(&admin.read("auth/approle/role/ci/role-id"), "/data/role_id")
}

/// A new secret-id for [`approle`].
pub(crate) fn secret_id(admin: &Admin) -> String {
    text(&admin.write("auth/approle/role/ci/secret-id", &json!({})), "/data/secret_id")
}

/// Somebody who reads [`KEY`] by an AppRole whose tokens live for an hour.
pub(crate) fn approle_user(bao: &OpenBao) -> User {
    let role_id = approle(bao, json!({ "token_ttl": "1h", "token_max_ttl": "24h" }));
    user_of_role(&at(bao.address()), &role_id, &secret_id(bao))
}

/// Somebody with the secret-id of a role.
pub(crate) fn user_of_role(source: &str, role_id: &str, secret_id: &str) -> User {
    let user = User::new("");
    let file = user.secret_file("secret-id", secret_id);
    let secret_id = format!("{{ file = \"{file}\" }}");
    user.configure("", &format!("{source}{}", approle_auth(role_id, &secret_id)));
    user
}

/// The `auth` of a source that logs in by AppRole.
pub(crate) fn approle_auth(role_id: &str, secret_id: &str) -> String {
    format!("auth = {{ method = \"approle\", role_id = \"{role_id}\", secret_id = {secret_id} }}\n")
}

/// Lends passwords at `MOUNT/creds/ROLE`, for `ttl` and at most `max_ttl`: a RabbitMQ engine, whose
/// RabbitMQ is a stub that agrees with everything.
pub(crate) fn lend(admin: &Admin, mount: &str, role: &str, ttl: &str, max_ttl: &str) -> Stub {
    let rabbit = Stub::start(|_| Reply::new(204, &[], ""));
    admin.enable_engine(mount, "rabbitmq", &json!({}));
    let connection = json!({ "connection_uri": rabbit.address(), "username": "u", "password": "p",
                             "verify_connection": false });
    admin.write(&format!("{mount}/config/connection"), &connection);
    admin.write(&format!("{mount}/config/lease"), &json!({ "ttl": ttl, "max_ttl": max_ttl }));
    let vhosts = r#"{"/":{"configure":"","write":"","read":".*"}}"#;
    admin.write(&format!("{mount}/roles/{role}"), &json!({ "vhosts": vhosts }));
    rabbit
}

/// The requests that the audit device of a server sees from now on.
pub(crate) struct Asked<'a> {
    bao: &'a OpenBao,
    before: Cell<usize>,
}

impl<'a> Asked<'a> {
    pub(crate) fn from_now(bao: &'a OpenBao) -> Self {
        Self { bao, before: Cell::new(bao.requested().len()) }
    }

    /// These were asked for since this was last said, and nothing else.
    #[track_caller]
    pub(crate) fn assert(&self, paths: &[&str]) {
        let all = self.bao.requested();
        assert_eq!(all[self.before.replace(all.len())..], *paths);
    }

    /// What was asked for since then.
    pub(crate) fn since_then(&self) -> Vec<String> {
        self.bao.requested().split_off(self.before.get())
    }

    /// What is asked for in between does not count.
    pub(crate) fn forget(&self) {
        self.before.set(self.bao.requested().len());
    }
}
