//! Kubernetes' own library for Python, against a server that checks its bearer.

use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::home::KEYS;
use integration_tests::servers::protected_server::bearer;
use integration_tests::servers::{ProtectedServer, Reply};
use integration_tests::wait::{sleep, until};
use serde_json::json;

use crate::python::python;
use crate::user::{DOWN, User, assert_has_why, key};

#[test]
fn kubernetes_replaces_a_rejected_token_when_it_retries() {
    let cluster = cluster();
    cluster.accept_only(&["key-2"]);
    let user = operator(KEYS, &cluster);
    let answer = program(&user, "show(); config.load_kube_config(); show()").run();
    assert_eq!(answer.stdout, "401 Unauthorized\ndefault\n", "{answer:?}");
    assert_eq!((cluster.refused(), cluster.taken()), (vec![key(1)], vec![key(2)]));
    assert_eq!(user.fetches(), 2);
}

#[test]
fn kubernetes_frequent_loads_are_no_rejection() {
    let cluster = cluster();
    let user = operator(KEYS, &cluster);
    let answer = program(&user, "for _ in range(4): config.load_kube_config(); show()").run();
    assert_eq!(answer.stdout, "default\n".repeat(4), "{answer:?}");
    assert!(user.fetches() <= 2, "{}", user.fetches());
}

#[test]
fn kubernetes_replaces_an_expired_token() {
    let cluster = cluster();
    let user = operator(ENDING, &cluster);
    let mut running = program(&user, "show(); input(); show()").start();
    let first = until("a token was used", || cluster.taken().last().cloned());
    // Longer than the key lives.
    sleep(Duration::from_secs(3));
    running.feed(b"\n");
    let answer = running.finish();
    assert_eq!(answer.stdout, "default\ndefault\n", "{answer:?}");
    assert_ne!(cluster.taken().last(), Some(&first));
}

#[test]
fn kubernetes_shows_the_error_without_a_token() {
    let cluster = cluster();
    let user = operator(DOWN, &cluster);
    let answer = program(&user, "show()").run();
    // The library continues without a key.
    assert_eq!(answer.stdout, "401 Unauthorized\n", "{answer:?}");
    assert_has_why(&answer.stderr);
}

fn cluster() -> ProtectedServer {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 401 });
    let namespace = json!({ "metadata": { "name": "default" } });
    let list = json!({ "kind": "NamespaceList", "apiVersion": "v1", "items": [namespace] });
    let refusal = Reply::json(401, &status);
    ProtectedServer::start(bearer, refusal, move |request| match &*request.line {
        "GET /api/v1/namespaces" => Reply::json(200, &list),
        _ => Reply::new(404, &[], ""),
    })
}

fn operator(body: &str, cluster: &ProtectedServer) -> User {
    User::following("kubernetes", body, &[("https://cluster.example.com", cluster.address())])
}

/// Returns a program of the user that does `steps`. `show` prints the names of the namespaces, or
/// the server's error.
fn program(user: &User, steps: &str) -> Call {
    python(user, &["kubernetes==37.0.2"]).arg("-c").arg(format!("{PROGRAM}\n{steps}"))
}

const PROGRAM: &str = r#"
from kubernetes import client, config

def show():
    try:
        names = [item.metadata.name for item in client.CoreV1Api().list_namespace().items]
        print(*names, flush=True)
    except client.ApiException as refused:
        print(refused.status, "Unauthorized" if refused.status == 401 else "", flush=True)

config.load_kube_config()
"#;

/// A script that prints keys which live for two seconds.
const ENDING: &str = r#"printf '{"key":"key-%s","expires_at":%s}' $run $(($(date +%s) + 2))"#;
