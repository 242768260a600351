//! Variables that determine the source of the key.
//!
//! Variables that determine whose key it is select the entry: each server and each namespace has
//! its own. A credential selects none. Its entry has the last credential, so a changed token is a
//! miss, and so is changing it back.

use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::servers::{Reply, Stub};
use serde_json::json;

use crate::server::{Asked, KEY, LOGIN, READ, approle, approle_auth, secret_id, server, token};
use crate::user::User;

const OTHER: &str = "sk-canary-th3-k3y-0f-4n0ther-s3rver";

#[test]
fn changed_vault_token_is_a_cache_miss() {
    let bao = server();
    let (first, second) = (token(&bao), token(&bao));
    let user = User::new(&crate::server::at(bao.address()));
    user.hide(&first);
    user.hide(&second);
    let asked = Asked::from_now(&bao);
    let with = |token: &str| user.run(&user.helper().env("VAULT_TOKEN", token));
    for token in [&first, &second, &first] {
        with(token).assert_key(KEY);
        with(token).assert_key(KEY);
        asked.assert(&[READ]);
    }
}

#[test]
fn rejected_vault_token_keeps_the_entry_of_the_other() {
    let bao = server();
    let (good, bad) = (token(&bao), "s.canary-4-t0ken-0f-n0b0dy-4t-4ll");
    let user = User::new(&crate::server::at(bao.address()));
    user.hide(&good);
    user.hide(bad);
    let with = |token: &str| user.run(&user.helper().env("VAULT_TOKEN", token));
    with(&good).assert_key(KEY);
    with(bad).assert_error(3, &["rejected the token"]);
    // The first entry is unchanged.
    let asked = Asked::from_now(&bao);
    with(&good).assert_key(KEY);
    asked.assert(&[]);
}

#[test]
fn changed_vault_addr_has_its_own_entry_and_gets_no_token_of_the_first() {
    let bao = server();
    let other = Stub::start(|request| {
        let mut body = if request.line.ends_with("/login") {
            json!({ "auth": { "client_token": "s.canary-t0ken-0f-th3-0ther" } })
        } else {
            json!({ "data": { "data": { "k": OTHER } } })
        };
        body["request_id"] = json!("r");
        Reply::json(200, &body)
    });
    let role_id = approle(&bao, json!({ "token_ttl": "1h" }));
    let user = User::new("").with_variable("VAULT_ADDR", bao.address());
    let file = user.secret_file("secret-id", &secret_id(&bao));
    let auth = approle_auth(&role_id, &format!("{{ file = \"{file}\" }}"));
    user.configure("", &format!("path = \"anthropic\"\n{auth}"));
    let asked = Asked::from_now(&bao);
    user.get().assert_key(KEY);
    asked.assert(&[LOGIN, READ]);
    let token = user.kept("/token/secret");

    user.run(&user.helper().env("VAULT_ADDR", other.address())).assert_key(OTHER);
    for request in other.requests() {
        assert!(!request.text.contains(&token), "{}", request.line);
    }
    // The first entry is unchanged.
    user.get().assert_key(KEY);
    asked.assert(&[]);
}

/// Returns a server that accepts each login, and whose key and tokens belong to the namespace.
fn namespaces() -> Stub {
    Stub::start(|request| {
        let namespace = request.header("x-vault-namespace").unwrap_or("root").to_owned();
        let mut body = if request.line.ends_with("/login") {
            let token = format!("s.canary-t0ken-0f-{namespace}");
            json!({ "auth": { "client_token": token, "token_policies": ["default"] } })
        } else {
            json!({ "data": { "data": { "k": format!("sk-of-{namespace}") } } })
        };
        body["request_id"] = json!("r");
        Reply::json(200, &body)
    })
}

/// Returns the number of requests that end with `end`.
fn count(server: &Stub, end: &str) -> usize {
    server.requests().iter().filter(|request| request.line.ends_with(end)).count()
}

fn role(address: &str) -> String {
    format!(
        "{address}path = \"anthropic\"\n\
         auth = {{ method = \"approle\", role_id = \"r\", secret_id = {{ env = \"ID\" }} }}"
    )
}

#[test]
fn alternating_vault_namespaces_log_in_and_read_once_each() {
    let server = namespaces();
    let home = Home::new();
    home.configure(&source(&role(&format!("address = \"{}\"\n", server.address()))));
    let within = |variable: &str, namespace: &str| {
        home.helper()
            .env("ID", "id")
            .env(variable, namespace)
            .run()
            .assert_key(&format!("sk-of-{namespace}"));
    };
    for _ in 0..2 {
        within("VAULT_NAMESPACE", "a");
        within("VAULT_NAMESPACE", "b");
        within("BAO_NAMESPACE", "c");
        home.helper().env("ID", "id").run().assert_key("sk-of-root");
    }
    assert_eq!((count(&server, "/login"), count(&server, "/anthropic")), (4, 4));
    // Each shows its own key.
    let status = home.call(["status", "--json"]).env("ID", "id");
    let key = |call: Call| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(call.run().assert_printed()).unwrap()["sources"]
            [0]["key"]
            .clone()
    };
    assert_eq!(key(status.clone().env("VAULT_NAMESPACE", "a")), "fresh");
    assert_eq!(key(status.env("VAULT_NAMESPACE", "d")), "none");
}

#[test]
fn vault_failure_in_one_namespace_starts_no_cooldown_in_another() {
    let server = Stub::start(|request| {
        let mut body = json!({ "data": { "data": { "k": "sk-of-b" } }, "request_id": "r" });
        let is_down = request.header("x-vault-namespace") == Some("a");
        if is_down {
            body = json!({ "errors": ["down"] });
        }
        Reply::json(if is_down { 500 } else { 200 }, &body)
    });
    let home = Home::new();
    let at = format!("address = \"{}\"\npath = \"x\"\nretries = 0", server.address());
    home.configure(&source(&at));
    let within = |namespace: &str| {
        home.helper().env("VAULT_TOKEN", "t").env("VAULT_NAMESPACE", namespace).run()
    };
    for _ in 0..2 {
        within("a").assert_error(1, &["500"]);
        within("b").assert_key("sk-of-b");
    }
    assert_eq!(home.state().files(".failure").len(), 1);
}

#[test]
fn logout_revokes_the_vault_tokens_of_all_namespaces_and_settings() {
    let (server, other) = (namespaces(), namespaces());
    let home = Home::new();
    let configured = |server: &Stub| {
        home.configure(&source(&role(&format!("address = \"{}\"\n", server.address()))));
    };
    let call = |namespace: &str| home.helper().env("ID", "id").env("VAULT_NAMESPACE", namespace);
    configured(&other);
    call("c").run().assert_key("sk-of-c");
    configured(&server);
    call("a").run().assert_key("sk-of-a");
    call("b").run().assert_key("sk-of-b");

    // Neither the credential nor a namespace is set here.
    let answer = home.call(["logout", "--source", "vault"]).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), "Signed out of `vault`.\n"));
    let revoked = |server: &Stub| {
        let requests = server.requests();
        let revoked = requests.iter().filter(|request| request.line.ends_with("/revoke-self"));
        let mut tokens: Vec<(String, String)> = revoked
            .map(|request| {
                let header = |name| request.header(name).unwrap_or_default().to_owned();
                (header("x-vault-token"), header("x-vault-namespace"))
            })
            .collect();
        tokens.sort();
        tokens
    };
    let token = |namespace: &str| (format!("s.canary-t0ken-0f-{namespace}"), namespace.to_owned());
    assert_eq!(revoked(&server), [token("a"), token("b")]);
    assert_eq!(revoked(&other), [token("c")]);
    assert_eq!(home.state().files(".entry"), [""; 0]);
}

#[test]
fn logout_says_which_token_vault_did_not_revoke() {
    let server = Stub::start(|request| {
        let mut body = match request.line.rsplit('/').next() {
            Some("login") => json!({ "auth": { "client_token": "s.canary-t0ken-1" } }),
            Some("revoke-self") => {
                return Reply::json(403, &json!({ "errors": ["permission denied"] }));
            }
            _ => json!({ "data": { "data": { "k": "sk-1" } } }),
        };
        body["request_id"] = json!("r");
        Reply::json(200, &body)
    });
    let home = Home::new();
    home.configure(&source(&role(&format!("address = \"{}\"\n", server.address()))));
    home.helper().env("ID", "id").run().assert_key("sk-1");
    let said = [
        "signed out on this machine only",
        "vault refused to revoke the token",
        "ask for a policy with `path \"auth/token/revoke-self\"",
        "revoke the sign-in at the provider",
    ];
    home.call(["logout", "--source", "vault"]).run().assert_error(4, &said);
    assert_eq!(home.state().files(".entry"), [""; 0]);
}

fn source(lines: &str) -> String {
    format!("[profile.work]\nsources = [\"vault\"]\n[source.vault]\nbackend = \"vault\"\n{lines}\n")
}
