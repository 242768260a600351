//! An OpenBao with a key.

use std::cell::Cell;

use integration_tests::servers::admin::text;
use integration_tests::servers::{Admin, OpenBao, Reply, Stub};
use serde_json::{Value, json};

use crate::user::User;

/// A key that occurs nowhere by chance.
pub(crate) const KEY: &str = "sk-canary-4m4nd4r1n-f0und-1n-4-v4ult";
/// A password that occurs nowhere by chance.
pub(crate) const PASSWORD: &str = "c0rrect-h0rse-b4ttery-st4ple";

/// The path that reads the key.
pub(crate) const READ: &str = "secret/data/anthropic";
/// The path of AppRole logins.
pub(crate) const LOGIN: &str = "auth/approle/login";
/// The path that looks up the token itself.
pub(crate) const LOOKUP: &str = "auth/token/lookup-self";

/// Returns a development server with [`KEY`] at `secret/anthropic`, which the policy `reader` may
/// read.
pub(crate) fn server() -> OpenBao {
    let bao = OpenBao::dev();
    put_key(&bao);
    bao
}

/// Returns the same with TLS.
pub(crate) fn tls_server() -> OpenBao {
    let bao = OpenBao::dev_tls();
    put_key(&bao);
    bao
}

/// Returns a server that answers every request with `key`, as KV version 2 does.
pub(crate) fn stub(key: &str) -> Stub {
    let answer = answer(key);
    Stub::start(move |_| Reply::json(200, &answer))
}

/// Returns the response of KV version 2 with `key`.
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

/// Returns a token with the policy `reader`.
pub(crate) fn token(bao: &OpenBao) -> String {
    bao.token(&json!({ "policies": ["reader"], "ttl": "1h" }))
}

/// Returns the lines of a source for the key at `address`.
pub(crate) fn at(address: &str) -> String {
    format!("address = \"{address}\"\npath = \"anthropic\"\n")
}

/// Creates an AppRole `ci` with the policy `reader` and these settings. Returns its role-id.
pub(crate) fn approle(admin: &Admin, mut settings: Value) -> String {
    admin.enable_auth("approle", "approle");
    settings["token_policies"] = json!("reader");
    admin.write("auth/approle/role/ci", &settings);
    text(&admin.read("auth/approle/role/ci/role-id"), "/data/role_id")
}

/// Returns a new secret-id for [`approle`].
pub(crate) fn secret_id(admin: &Admin) -> String {
    text(&admin.write("auth/approle/role/ci/secret-id", &json!({})), "/data/secret_id")
}

/// Returns a user who reads [`KEY`] by an AppRole with tokens of one hour.
pub(crate) fn approle_user(bao: &OpenBao) -> User {
    let role_id = approle(bao, json!({ "token_ttl": "1h", "token_max_ttl": "24h" }));
    user_of_role(&at(bao.address()), &role_id, &secret_id(bao))
}

/// Returns a user with the secret-id of a role.
pub(crate) fn user_of_role(source: &str, role_id: &str, secret_id: &str) -> User {
    let user = User::new("");
    let file = user.secret_file("secret-id", secret_id);
    let secret_id = format!("{{ file = \"{file}\" }}");
    user.configure("", &format!("{source}{}", approle_auth(role_id, &secret_id)));
    user
}

/// Returns the `auth` of a source with an AppRole login.
pub(crate) fn approle_auth(role_id: &str, secret_id: &str) -> String {
    format!("auth = {{ method = \"approle\", role_id = \"{role_id}\", secret_id = {secret_id} }}\n")
}

/// Leases passwords at `MOUNT/creds/ROLE`, for `ttl` and at most `max_ttl`: a RabbitMQ engine,
/// whose RabbitMQ is a stub that accepts every request.
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

/// The requests in a server's audit log from now on.
pub(crate) struct Asked<'a> {
    bao: &'a OpenBao,
    before: Cell<usize>,
}

impl<'a> Asked<'a> {
    pub(crate) fn from_now(bao: &'a OpenBao) -> Self {
        Self { bao, before: Cell::new(bao.requested().len()) }
    }

    /// Asserts the requests since the last call, and no others.
    #[track_caller]
    pub(crate) fn assert(&self, paths: &[&str]) {
        let all = self.bao.requested();
        assert_eq!(all[self.before.replace(all.len())..], *paths);
    }

    /// Returns the requests since then.
    pub(crate) fn since_then(&self) -> Vec<String> {
        self.bao.requested().split_off(self.before.get())
    }

    /// Ignores the requests until now.
    pub(crate) fn forget(&self) {
        self.before.set(self.bao.requested().len());
    }
}
