//! Every auth method prints a key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use integration_tests::mounts::Mounts;
use integration_tests::servers::admin::text;
use integration_tests::servers::{Admin, OpenBao, Reply, Stub};
use serde_json::json;

use crate::server::{
    KEY, PASSWORD, approle, approle_auth, approle_user, at, secret_id, server, tls_server, token,
};
use crate::user::User;

#[test]
fn vault_token_variable_authenticates() {
    let bao = server();
    let user = User::new(&at(bao.address())).with_secret_variable("VAULT_TOKEN", &token(&bao));
    user.get().assert_key(KEY);
}

#[test]
fn vault_token_file_of_vault_login_authenticates() {
    let bao = server();
    let user = User::new(&at(bao.address()));
    let login = format!("run `vault login -address={}` (or `bao login`)", bao.address());
    user.get()
        .assert_error(3, &["there is no vault token", "/.vault-token`: No such file", &login]);
    // The user follows the hint, and does not wait for the cooldown.
    let token = token(&bao);
    user.hide(&token);
    let file = user.home.write(".vault-token", token + "\n");
    user.refresh().assert_key(KEY);
    // It is not the helper's file, so it must not be searched.
    fs::remove_file(file).unwrap();
}

#[test]
fn vault_token_helper_is_named_instead_of_vault_login() {
    let bao = server();
    let user = User::new(&at(bao.address()));
    let token = token(&bao);
    user.hide(&token);
    let helper =
        user.secret_file("helper", &format!("#!/bin/sh\n[ \"$1\" = get ] && echo {token}\n"));
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o700)).unwrap();
    let auth =
        format!("auth = {{ method = \"token\", token = {{ command = [\"{helper}\", \"get\"] }} }}");
    for (name, text) in [
        (".vault", format!("token_helper = \"{helper}\"\n")),
        (".bao", format!("{{\"token_helper\": \"{helper}\"}}\n")),
    ] {
        let file = user.home.write(name, text);
        user.refresh().assert_error(3, &["there is no vault token", "`token_helper`", &auth]);
        // Another login method does not help if an earlier token has expired.
        let old = user.home.write(".vault-token", "s.expired");
        user.refresh().assert_error(3, &["rejected the token", "`token_helper`", &auth]);
        fs::remove_file(file).unwrap();
        fs::remove_file(old).unwrap();
    }
    user.configure("", &(at(bao.address()) + &auth));
    user.get().assert_key(KEY);
}

#[test]
fn auth_token_file_authenticates() {
    let bao = server();
    let user = User::new("");
    let file = user.secret_file("token", &token(&bao));
    let auth = format!("auth = {{ method = \"token\", token = {{ file = \"{file}\" }} }}");
    user.configure("", &(at(bao.address()) + &auth));
    user.get().assert_key(KEY);
}

#[test]
fn approle_secret_id_by_file_variable_or_command_authenticates() {
    let bao = server();
    approle_user(&bao).get().assert_key(KEY);

    let role_id = text(&bao.read("auth/approle/role/ci/role-id"), "/data/role_id");
    let source = at(bao.address()) + &approle_auth(&role_id, "{ env = \"SECRET_ID\" }");
    let user = User::new(&source).with_secret_variable("SECRET_ID", &secret_id(&bao));
    user.get().assert_key(KEY);

    let user = User::new("");
    let file = user.secret_file("secret-id", &secret_id(&bao));
    let script = user.home.script("secret-id", &format!("cat '{file}'"));
    let command = format!("{{ command = [\"{}\"] }}", script.display());
    user.configure("", &(at(bao.address()) + &approle_auth(&role_id, &command)));
    user.get().assert_key(KEY);
}

#[test]
fn approle_without_secret_id_authenticates() {
    let bao = server();
    let role = json!({ "bind_secret_id": false, "token_bound_cidrs": "127.0.0.1/32" });
    let role_id = approle(&bao, role);
    let auth = format!("auth = {{ method = \"approle\", role_id = \"{role_id}\" }}");
    User::new(&(at(bao.address()) + &auth)).get().assert_key(KEY);
}

/// This server has no LDAP. For the client, it is the same as userpass: the same path below its
/// mount, and the same body.
#[test]
fn userpass_and_ldap_password_authenticates() {
    let bao = server();
    for (method, mount, setting) in
        [("userpass", "people", "mount = \"people\", "), ("ldap", "ldap", "")]
    {
        bao.enable_auth(mount, "userpass");
        let user = json!({ "password": PASSWORD, "token_policies": "reader" });
        bao.write(&format!("auth/{mount}/users/ann"), &user);
        let auth = format!(
            "auth = {{ method = \"{method}\", {setting}username = \"ann\", \
             password = {{ env = \"PASSWORD\" }} }}"
        );
        let user = User::new(&(at(bao.address()) + &auth));
        let user = user.with_secret_variable("PASSWORD", PASSWORD);
        user.get().assert_key(KEY);

        let wrong = "wr0ng-h0rse-b4ttery-st4ple";
        let user = User::new(&(at(bao.address()) + &auth)).with_secret_variable("PASSWORD", wrong);
        let words = ["refused the login of user `ann`", &format!("`auth/{mount}`"), "`password`"];
        user.get().assert_error(4, &words);
    }
}

#[test]
fn jwt_auth_authenticates_and_a_refused_role_exits_4() {
    let bao = server();
    let jwt = jwt_login(&bao);
    let source = at(bao.address())
        + "auth = { method = \"jwt\", role = \"developer\", jwt = { env = \"CI_JOB_JWT\" } }";
    User::new(&source).with_secret_variable("CI_JOB_JWT", &jwt).get().assert_key(KEY);

    let source = source.replace("developer", "admin");
    let user = User::new(&source).with_secret_variable("CI_JOB_JWT", &jwt);
    user.get()
        .assert_error(4, &["refused the login of role `admin` at `auth/jwt`", "bound claims"]);
}

#[test]
fn kubernetes_auth_uses_the_service_account_token() {
    let bao = server();
    let (jwt, _cluster) = kubernetes_login(&bao);
    let source = at(bao.address()) + "auth = { method = \"kubernetes\", role = \"ci\" }";
    let user = User::new(&source);
    let file = user.secret_file("token", &jwt);
    user.run(&in_pod(Path::new(&file)).seen_by(user.helper())).assert_key(KEY);
    // Outside a pod, there is no such file.
    let words = ["/var/run/secrets/kubernetes.io/serviceaccount/token"];
    User::new(&source).get().assert_error(2, &words);
}

#[test]
fn cert_auth_uses_the_client_certificate() {
    let bao = tls_server();
    let [cert, key] = certificate_login(&bao);
    let user = User::new("");
    let cert = user.secret_file("ci.pem", &cert);
    let key = user.secret_file("ci-key.pem", &key);
    let source = format!(
        "{}ca_file = \"{}\"\nclient_cert = \"{cert}\"\nclient_key = \"{key}\"\n",
        at(bao.address()),
        bao.ca_file().display()
    );
    user.configure("", &(source.clone() + "auth = { method = \"cert\", role = \"ci\" }"));
    user.get().assert_key(KEY);
    user.configure("", &(source + "auth = { method = \"cert\", role = \"admin\" }"));
    user.get().assert_error(4, &["refused the login of role `admin` at `auth/cert`"]);
}

/// Creates a login at `auth/jwt` for the role `developer`, and returns a token for it. The server's
/// own identity tokens stand for those of a company's identity provider.
pub(crate) fn jwt_login(bao: &OpenBao) -> String {
    bao.policy("self", &[("identity/oidc/token/me", "read")]);
    bao.enable_auth("idp", "userpass");
    bao.write("auth/idp/users/ann", &json!({ "password": "p", "token_policies": "self" }));
    let login = bao.write("auth/idp/login/ann", &json!({ "password": "p" }));
    bao.write("identity/oidc/key/k", &json!({ "allowed_client_ids": "*" }));
    bao.write("identity/oidc/role/me", &json!({ "key": "k", "client_id": "helper" }));
    let me = bao.with_token(&text(&login, "/auth/client_token"));
    let jwt = text(&me.read("identity/oidc/token/me"), "/data/token");

    bao.enable_auth("jwt", "jwt");
    let mut config = json!({ "default_role": "developer" });
    config["jwks_url"] = json!(format!("{}/v1/identity/oidc/.well-known/keys", bao.address()));
    if let Ok(ca) = fs::read_to_string(bao.ca_file()) {
        config["jwks_ca_pem"] = json!(ca);
    }
    bao.write("auth/jwt/config", &config);
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": "helper",
                       "token_policies": "reader" });
    bao.write("auth/jwt/role/developer", &role);
    jwt
}

/// Creates a login at `auth/kubernetes` for the role `ci`. Returns the token of a service account
/// with that role, and the cluster that validates the token.
pub(crate) fn kubernetes_login(admin: &Admin) -> (String, Stub) {
    let cluster = Stub::start(|_| {
        let user = json!({ "username": "system:serviceaccount:team:ci", "uid": "u-1" });
        let review = json!({ "status": { "authenticated": true, "user": user } });
        Reply::json(201, &review)
    });
    let claims = json!({
        "iss": "kubernetes/serviceaccount",
        "sub": "system:serviceaccount:team:ci",
        "iat": 1, "nbf": 1, "exp": 4_000_000_000_u64,
        "kubernetes.io": {
            "namespace": "team",
            "serviceaccount": { "name": "ci", "uid": "u-1" },
        },
    });
    let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
    let jwt = [part(r#"{"alg":"RS256"}"#), part(&claims.to_string()), part("unchecked")].join(".");

    admin.enable_auth("kubernetes", "kubernetes");
    admin.enable_engine("cluster-pki", "pki", &json!({}));
    let root = json!({ "common_name": "kubernetes" });
    let ca = admin.write("cluster-pki/root/generate/internal", &root);
    let config = json!({ "kubernetes_host": cluster.address(), "disable_local_ca_jwt": true,
                         "kubernetes_ca_cert": text(&ca, "/data/certificate"),
                         "token_reviewer_jwt": jwt });
    admin.write("auth/kubernetes/config", &config);
    let role = json!({ "bound_service_account_names": "ci", "token_policies": "reader",
                       "bound_service_account_namespaces": "team" });
    admin.write("auth/kubernetes/role/ci", &role);
    (jwt, cluster)
}

/// Returns the mounts of a call in a pod whose token is in `file`.
pub(crate) fn in_pod(file: &Path) -> Mounts {
    let token = Path::new("/run/secrets/kubernetes.io/serviceaccount/token");
    Mounts::new().empty(Path::new("/run"), "1m").copy(file, token)
}

/// Creates a login at `auth/cert` for the role `ci`. Returns a certificate with that role, and its
/// key.
pub(crate) fn certificate_login(admin: &Admin) -> [String; 2] {
    admin.enable_engine("pki", "pki", &json!({}));
    let root = json!({ "common_name": "clients", "ttl": "24h" });
    let ca = text(&admin.write("pki/root/generate/internal", &root), "/data/certificate");
    admin.write("pki/roles/client", &json!({ "allow_any_name": true, "ttl": "1h" }));
    let issued = admin.write("pki/issue/client", &json!({ "common_name": "ci" }));
    admin.enable_auth("cert", "cert");
    admin.write("auth/cert/certs/ci", &json!({ "certificate": ca, "token_policies": "reader" }));
    ["/data/certificate", "/data/private_key"].map(|pointer| text(&issued, pointer))
}
