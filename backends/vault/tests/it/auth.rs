//! Every auth method reads a key, and a bad login says what to do.

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use integration_tests::servers::admin::text;
use integration_tests::servers::openbao::ROOT;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OpenBao, Stub};
use serde_json::json;

use crate::common::{KEY, Source, approle, approle_source, secret_id, with_key};

fn source(bao: &OpenBao, auth: &str, variables: &[(&str, &str)]) -> Source {
    let address = bao.address();
    Source::with_variables(
        &format!("address = \"{address}\"\npath = 'anthropic'\nauth = {{ {auth} }}"),
        variables,
    )
}

#[test]
fn auth_token_variable_and_setting_give_a_key() {
    let bao = with_key(OpenBao::dev());
    let token = bao.token(&json!({ "policies": ["reader"] }));
    let plain = format!("address = \"{}\"\npath = 'anthropic'", bao.address());

    assert_eq!(Source::with_variables(&plain, &[("VAULT_TOKEN", &token)]).key(), KEY);
    let mut given = source(&bao, "method = 'token', token = { file = 'token' }", &[]);
    given.file("token", &format!("{token}\n"));
    assert_eq!(given.key(), KEY);
    assert_eq!(given.renewal, None, "a token of another owner is not kept");

    let home = tempfile::tempdir().unwrap();
    let variables = [("HOME", home.path().to_str().unwrap())];
    let mut by_hand = Source::with_variables(&plain, &variables);
    let error = by_hand.error(ErrorKind::NeedsLogin);
    let login = format!("run `vault login -address={}` (or `bao login`)", bao.address());
    assert!(error.hint().unwrap().to_string().starts_with(&login), "{error:?}");
    std::fs::write(home.path().join(".vault-token"), &token).unwrap();
    assert_eq!(by_hand.key(), KEY);

    bao.write("auth/token/revoke", &json!({ "token": token }));
    assert_eq!(by_hand.error(ErrorKind::NeedsLogin).hint(), Some(&login.as_str().into()));
    let error = given.error(ErrorKind::NeedsLogin);
    assert!(error.hint().unwrap().to_string().contains("`auth.token`"), "{error:?}");

    given.file("token", "two\nlines");
    given.error(ErrorKind::Misconfigured);
}

#[test]
fn approle_with_and_without_secret_id_gives_a_key() {
    let bao = with_key(OpenBao::dev());
    assert_eq!(approle_source(&bao, json!({})).key(), KEY);

    let role = json!({ "token_policies": "reader", "bind_secret_id": false,
                       "token_bound_cidrs": "127.0.0.1/32" });
    bao.write("auth/approle/role/bare", &role);
    let role_id = text(&bao.read("auth/approle/role/bare/role-id"), "/data/role_id");
    let auth = format!("method = 'approle', role_id = '{role_id}'");
    assert_eq!(source(&bao, &auth, &[]).key(), KEY);
}

#[test]
fn refused_approle_is_denied() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({}));
    bao.delete("auth/approle/role/ci");
    let error = source.error(ErrorKind::Denied);
    assert!(error.message().starts_with("vault refused the login of role id `"), "{error}");
    assert!(error.message().ends_with("at `auth/approle`: invalid role or secret ID"), "{error}");
    assert_eq!(
        error.hint(),
        Some(&"ask for a new `secret_id`, and whether the role still exists".into())
    );
}

#[test]
fn missing_auth_method_is_denied() {
    let bao = with_key(OpenBao::dev());
    let auth = "method = 'userpass', username = 'u', password = { env = 'P' }, mount = 'nowhere'";
    let error = source(&bao, auth, &[("P", "p")]).error(ErrorKind::Denied);
    let message = "vault refused the login of user `u` at `auth/nowhere`: permission denied";
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().to_string().contains("`vault auth list`"), "{error:?}");
}

#[test]
fn userpass_password_gives_a_key() {
    let bao = with_key(OpenBao::dev());
    bao.enable_auth("people", "userpass");
    let user = json!({ "password": "correct horse", "token_policies": "reader" });
    bao.write("auth/people/users/ann", &user);
    let auth =
        "method = 'userpass', mount = 'people', username = 'ann', password = { env = 'PASSWORD' }";
    assert_eq!(source(&bao, auth, &[("PASSWORD", "correct horse")]).key(), KEY);
    let error = source(&bao, auth, &[("PASSWORD", "hunter2")]).error(ErrorKind::Denied);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let message = "vault refused the login of user `ann` at `auth/people`: ";
    assert!(error.message().starts_with(message), "{error}");
}

/// This server's build has no LDAP. To the client, it is the same as userpass: the same path and
/// the same body.
#[test]
fn ldap_password_gives_a_key() {
    let bao = with_key(OpenBao::dev());
    bao.enable_auth("ldap", "userpass");
    let user = json!({ "password": "correct horse", "token_policies": "reader" });
    bao.write("auth/ldap/users/ann", &user);
    let auth = "method = 'ldap', username = 'ann', password = { env = 'PASSWORD' }";
    assert_eq!(source(&bao, auth, &[("PASSWORD", "correct horse")]).key(), KEY);
    let error = source(&bao, auth, &[("PASSWORD", "hunter2")]).error(ErrorKind::Denied);
    assert!(error.message().starts_with("vault refused the login of user `ann`"), "{error}");
}

#[test]
fn jwt_auth_gives_a_key() {
    let bao = with_key(OpenBao::dev());
    // The server's own identity tokens stand for those of a company's identity provider.
    bao.policy("self", &[("identity/oidc/token/me", "read")]);
    bao.enable_auth("userpass", "userpass");
    bao.write("auth/userpass/users/ann", &json!({ "password": "p", "token_policies": "self" }));
    let login = bao.write("auth/userpass/login/ann", &json!({ "password": "p" }));
    bao.write("identity/oidc/key/k", &json!({ "allowed_client_ids": "*" }));
    bao.write("identity/oidc/role/me", &json!({ "key": "k", "client_id": "helper" }));
    let me = bao.with_token(&text(&login, "/auth/client_token"));
    let token = text(&me.read("identity/oidc/token/me"), "/data/token");

    bao.enable_auth("jwt", "jwt");
    let keys = format!("{}/v1/identity/oidc/.well-known/keys", bao.address());
    bao.write("auth/jwt/config", &json!({ "jwks_url": keys, "default_role": "developer" }));
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": "helper",
                       "token_policies": "reader" });
    bao.write("auth/jwt/role/developer", &role);
    for auth in [
        "method = 'jwt', role = 'developer', jwt = { source = 'sso' }",
        "method = 'jwt', jwt = { source = 'sso' }",
    ] {
        let mut source = source(&bao, auth, &[]);
        source.give_source("sso", &token);
        assert_eq!(source.key(), KEY);
    }
    let auth = "method = 'jwt', role = 'admin', jwt = { env = 'JWT' }";
    let error = source(&bao, auth, &[("JWT", &token)]).error(ErrorKind::Denied);
    let message = "vault refused the login of role `admin` at `auth/jwt`: ";
    assert!(error.message().starts_with(message), "{error}");
}

#[test]
fn kubernetes_auth_gives_a_key() {
    let bao = with_key(OpenBao::dev());
    let api = Stub::start(|_| {
        let user = json!({ "username": "system:serviceaccount:team:ci", "uid": "u-1" });
        let review = json!({ "status": { "authenticated": true, "user": user } });
        Reply::json(201, &review)
    });
    let account = json!({ "name": "ci", "uid": "u-1" });
    let claims = json!({
        "iss": "kubernetes/serviceaccount",
        "sub": "system:serviceaccount:team:ci",
        "iat": 1, "nbf": 1, "exp": 4_000_000_000_u64,
        "kubernetes.io": { "namespace": "team", "serviceaccount": account },
    });
    let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
    let token =
        [part(r#"{"alg":"RS256"}"#), part(&claims.to_string()), part("unchecked")].join(".");

    bao.enable_auth("kubernetes", "kubernetes");
    bao.enable_engine("pki", "pki", &json!({}));
    let ca = bao.write("pki/root/generate/internal", &json!({ "common_name": "kubernetes" }));
    let config = json!({ "kubernetes_host": api.address(), "disable_local_ca_jwt": true,
                         "kubernetes_ca_cert": text(&ca, "/data/certificate"),
                         "token_reviewer_jwt": token });
    bao.write("auth/kubernetes/config", &config);
    let role = json!({ "bound_service_account_names": "ci", "token_policies": "reader",
                       "bound_service_account_namespaces": "team" });
    bao.write("auth/kubernetes/role/ci", &role);
    let auth = "method = 'kubernetes', role = 'ci', jwt = { file = 'jwt' }";
    let mut pod = source(&bao, auth, &[]);
    pod.file("jwt", &token);
    assert_eq!(pod.key(), KEY);

    // Outside of a pod, the file that is read by default is not there.
    let error = source(&bao, "method = 'kubernetes', role = 'ci'", &[]);
    let error = { error }.error(ErrorKind::Misconfigured);
    assert!(error.message().contains("/var/run/secrets/kubernetes.io/serviceaccount/token"));
}

#[test]
fn cert_auth_client_certificate_gives_a_key() {
    let bao = with_key(OpenBao::dev_tls());
    bao.enable_engine("pki", "pki", &json!({}));
    let root = json!({ "common_name": "clients", "ttl": "24h" });
    let ca = text(&bao.write("pki/root/generate/internal", &root), "/data/certificate");
    bao.write("pki/roles/client", &json!({ "allow_any_name": true, "ttl": "1h" }));
    let issued = bao.write("pki/issue/client", &json!({ "common_name": "ci" }));
    bao.enable_auth("cert", "cert");
    bao.write("auth/cert/certs/ci", &json!({ "certificate": ca, "token_policies": "reader" }));

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, pointer: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text(&issued, pointer)).unwrap();
        path.display().to_string()
    };
    let (cert, key) =
        (write("cert.pem", "/data/certificate"), write("key.pem", "/data/private_key"));
    let toml = |role: &str| {
        let (address, ca_file) = (bao.address(), bao.ca_file());
        format!(
            "address = '{address}'\nca_file = '{}'\npath = 'anthropic'\nclient_cert = '{cert}'\n\
             client_key = '{key}'\nauth = {{ method = 'cert' {role} }}",
            ca_file.display()
        )
    };
    assert_eq!(Source::new(&toml("")).key(), KEY);
    assert_eq!(Source::new(&toml(", role = 'ci'")).key(), KEY);
    let error = Source::new(&toml(", role = 'admin'")).error(ErrorKind::Denied);
    assert!(error.message().starts_with("vault refused the login of role `admin`"), "{error}");

    std::fs::write(folder.path().join("key.pem"), "nothing").unwrap();
    let error = Source::new(&toml("")).error(ErrorKind::Misconfigured);
    assert!(error.message().contains("key.pem"), "{error}");
}

#[test]
fn wrapped_secret_id_is_unwrapped_once() {
    let bao = with_key(OpenBao::dev());
    let auth = approle(&bao, &json!({ "token_policies": "reader", "token_ttl": "1h" }))
        .replace("{ env = \"ID\" }", "{ file = \"id\", wrapped = true }");
    let toml = format!("address = \"{}\"\npath = \"anthropic\"\n{auth}", bao.address());
    let wrap = || bao.wrapped("auth/approle/role/ci/secret-id", &json!({}));

    let mut source = Source::new(&toml);
    source.file("id", &wrap());
    // Not used up where its content could not be kept.
    source.disk = Disk::Full;
    source.error(ErrorKind::Transient);
    source.disk = Disk::Works;
    assert_eq!(source.key(), KEY);

    // The token is past its end: the next login has the secret, and not the wrapping token.
    source.set_later(std::time::Duration::from_secs(7200));
    assert_eq!(source.key(), KEY);
    assert_eq!(bao.requests("sys/wrapping/unwrap"), 1);
    assert_eq!(bao.requests("auth/approle/login"), 2);

    // Another process was faster.
    let mut robbed = Source::new(&toml);
    let wrapping = wrap();
    robbed.file("id", &wrapping);
    bao.with_token(&wrapping).write("sys/wrapping/unwrap", &json!({}));
    let error = robbed.error(ErrorKind::Denied);
    assert!(error.message().ends_with("others may have read the secret in it"), "{error}");
    assert!(!format!("{error:?}").contains(&wrapping));
    // A new one fixes it.
    robbed.file("id", &wrap());
    assert_eq!(robbed.key(), KEY);
}

#[test]
fn wrapped_vault_token_is_renewed_and_revoked() {
    let bao = with_key(OpenBao::dev());
    let token = json!({ "policies": ["reader"], "ttl": "1h" });
    let auth = "method = 'token', token = { file = 'token', wrapped = true }";
    let mut source = source(&bao, auth, &[]);
    let wrapping = bao.wrapped("auth/token/create", &token);
    source.file("token", &wrapping);
    assert_eq!(source.key(), KEY);
    assert_eq!(source.key(), KEY);
    assert_eq!(bao.requests("sys/wrapping/unwrap"), 1);

    // It has ended, and cannot be had again.
    source.set_later(std::time::Duration::from_secs(7200));
    let error = source.error(ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "the token that was wrapped in `auth.token` has ended");
    source.file("token", &bao.wrapped("auth/token/create", &token));
    assert_eq!(source.key(), KEY);

    // Used by another process.
    let mut other = self::source(&bao, auth, &[]);
    other.file("token", &wrapping);
    other.error(ErrorKind::Denied);
}

#[test]
fn approle_secret_id_is_read_at_every_login() {
    let bao = with_key(OpenBao::dev());
    let auth = approle(&bao, &json!({ "token_policies": "reader", "token_ttl": "1h" }))
        .replace("env = \"ID\"", "file = \"id\"");
    let mut source =
        Source::new(&format!("address = \"{}\"\npath = \"anthropic\"\n{auth}", bao.address()));
    source.file("id", "old");
    source.error(ErrorKind::Denied);
    source.file("id", &secret_id(&bao));
    assert_eq!(source.key(), KEY);
    assert!(!source.stored_secrets().iter().any(|secret| secret == ROOT));
}
