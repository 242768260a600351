//! Servers that fail, and servers that are not what they seem.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use api_key_helper_backend::{Error, ErrorKind};
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OpenBao, Stub};
use serde_json::json;

use crate::common::{KEY, Source, approle_source, with_key};

/// A token that must not turn up anywhere but at the server.
const CANARY: &str = "s.canary-hunter2";

fn source(addresses: &[&str]) -> Source {
    let toml = format!("address = {addresses:?}\npath = 'anthropic'");
    Source::with_variables(&toml, &[("VAULT_TOKEN", CANARY)])
}

/// The error of a server that answers everything so.
fn error(kind: ErrorKind, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    let stub = Stub::start(move |_| reply());
    let error = source(&[stub.address()]).error(kind);
    assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    error
}

fn key() -> Reply {
    Reply::json(200, &json!({ "request_id": "r", "data": { "data": { "k": KEY } } }))
}

#[test]
fn sealed_vault_is_transient() {
    let bao = with_key(OpenBao::dev());
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    source.key();
    bao.request("PUT", "sys/seal", None);
    let error = source.error(ErrorKind::Transient);
    assert_eq!(error.message(), format!("vault at `{}` is sealed", bao.address()));
    assert!(error.hint().unwrap().to_string().contains("`bao operator unseal`"), "{error:?}");
}

#[test]
fn vault_429_quota_is_transient_with_retry_after() {
    let bao = with_key(OpenBao::dev());
    let headers = json!({ "enable_rate_limit_response_headers": true });
    bao.write("sys/quotas/config", &headers);
    let mut source = approle_source(&bao, json!({ "token_ttl": "1h" }));
    source.key();
    let quota = json!({ "path": "secret/", "rate": 1, "interval": "30s" });
    bao.write("sys/quotas/rate-limit/slow", &quota);
    let error = (0..5).find_map(|_| source.fetch().err()).unwrap();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.message().contains("over a quota"), "{error}");
    let wait = error.retry_after().unwrap();
    assert!(wait <= Duration::from_secs(31) && wait > Duration::from_secs(10), "{wait:?}");
}

#[test]
fn hanging_vault_ends_within_the_timeout() {
    let stub = Stub::start(|_| Reply::Silence);
    let mut source = source(&[stub.address()]);
    source.time = Duration::from_secs(1);
    let start = Instant::now();
    let error = source.error(ErrorKind::Transient);
    assert!(start.elapsed() < Duration::from_secs(1), "the attempt ends by itself");
    assert_eq!(error.message(), format!("`{}` did not answer within 0.9 s", stub.address()));
}

#[test]
fn vault_without_tls_handshake_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let mut source = source(&[&address]);
    source.time = Duration::from_secs(1);
    source.error(ErrorKind::Transient);
}

#[test]
fn truncated_vault_answer_is_transient() {
    let error = error(ErrorKind::Transient, || {
        Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"request_id\":".to_owned())
    });
    assert!(error.message().contains("broke off its response"), "{error}");
    self::error(ErrorKind::Transient, || Reply::Bytes(String::new()));
    self::error(ErrorKind::Transient, || Reply::Bytes("SSH-2.0-OpenSSH_9.6\r\n".to_owned()));
}

#[test]
fn vault_answer_over_1_mib_is_cut_off() {
    let error = error(ErrorKind::Transient, || Reply::new(200, &[], &"x".repeat(2_000_000)));
    assert!(error.message().ends_with("sent more than 1 MiB"), "{error}");
}

#[test]
fn proxy_page_is_not_vaults_answer() {
    for status in [200, 400, 403, 404, 407] {
        let error = error(ErrorKind::Transient, move || Reply::new(status, &[], "<html>No</html>"));
        assert!(error.message().contains("not as vault does"), "{error}");
    }
}

#[test]
fn vault_412_and_429_standby_are_transient() {
    let behind = error(ErrorKind::Transient, || {
        Reply::json(412, &json!({ "errors": ["required index state not present"] }))
    });
    assert!(behind.message().ends_with("is a replica that is behind"), "{behind}");
    let standby = error(ErrorKind::Transient, || Reply::json(429, &json!({ "standby": true })));
    assert!(standby.message().ends_with("does not serve just now (429)"), "{standby}");
    let busy = error(ErrorKind::Transient, || {
        Reply::new(503, &["Retry-After: 7"], "{\"errors\":[\"too busy\"]}")
    });
    assert_eq!(busy.retry_after(), Some(Duration::from_secs(7)));
    let date = error(ErrorKind::Transient, || {
        Reply::new(429, &["Retry-After: Fri, 01 Jan 2100 00:00:00 GMT"], "")
    });
    assert!(date.retry_after().unwrap() > Duration::from_secs(1_000_000), "{date:?}");
}

#[test]
fn vault_node_that_cannot_serve_is_skipped() {
    for (status, said) in [
        (400, json!({ "errors": ["path disabled in replication DR secondary mode"] })),
        (429, json!({ "initialized": true, "standby": true })),
        (472, json!({ "initialized": true })),
        (473, json!({ "initialized": true })),
        (501, json!({ "initialized": false })),
        (503, json!({ "errors": ["Vault is sealed"] })),
        (503, json!({ "initialized": true, "sealed": true })),
    ] {
        let node = Stub::start(move |_| Reply::json(status, &said));
        let active = Stub::start(|_| key());
        assert_eq!(source(&[node.address(), active.address()]).key(), KEY, "{status}");
        assert_eq!(node.requests().len(), 1, "{status}");
    }
}

#[test]
fn plain_http_to_a_tls_port_hints_at_https() {
    for body in [
        "Client sent an HTTP request to an HTTPS server.\n",
        "<center>The plain HTTP request was sent to HTTPS port</center>",
    ] {
        let error = error(ErrorKind::Misconfigured, move || Reply::new(400, &[], body));
        assert!(error.message().ends_with("expects TLS, but the address is plain HTTP"), "{error}");
        assert_eq!(error.hint(), Some(&"change the address to `https://`".into()));
    }
}

#[test]
fn vault_error_that_repeats_the_token_is_redacted() {
    let error = error(ErrorKind::Misconfigured, || {
        Reply::json(400, &json!({ "errors": [format!("what is {CANARY}?")] }))
    });
    assert!(error.message().ends_with("what is [redacted]?"), "{error}");
}

#[test]
fn vault_token_does_not_follow_a_redirect_to_another_host() {
    let thief = Stub::start(|_| key());
    let host = thief.address().replace("127.0.0.1", "127.0.0.2");
    for status in [301, 302, 303, 307, 308] {
        let to = format!("Location: {host}/v1/secret/data/anthropic");
        let error = error(ErrorKind::Misconfigured, move || Reply::new(status, &[to.as_str()], ""));
        assert!(error.message().contains(&format!("redirects to `{host}`")), "{error}");
        assert!(error.hint().unwrap().to_string().contains("`address`"), "{error:?}");
    }
    // Reached only because it is asked here, and never by the redirects.
    assert!(thief.requests().is_empty());
}

#[test]
fn vault_follows_one_redirect_to_a_permitted_host() {
    let leader = Stub::start(|_| key());
    let standby = redirecting(leader.address(), 307);
    let mut source = source(&[standby.address()]);
    assert_eq!(source.key(), KEY);
    let [request] = &leader.requests()[..] else { panic!("{:?}", leader.requests()) };
    assert_eq!(request.line, "GET /v1/secret/data/anthropic");
    assert!(request.text.contains(&format!("x-vault-token: {CANARY}")), "{request:?}");

    let twice = redirecting(standby.address(), 307);
    let error = self::source(&[twice.address()]).error(ErrorKind::Misconfigured);
    assert!(error.message().contains("redirects a second time"), "{error}");
}

#[test]
fn vault_next_address_answers_when_the_first_does_not() {
    let up = Stub::start(|_| key());
    let sealed = Stub::start(|_| Reply::json(503, &json!({ "errors": ["Vault is sealed"] })));
    let page = Stub::start(|_| Reply::new(404, &[], "<html>no such service</html>"));
    let silent = Stub::start(|_| Reply::Silence);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");

    let mut source =
        source(&[&closed, sealed.address(), page.address(), silent.address(), up.address()]);
    source.time = Duration::from_secs(3);
    assert_eq!(source.key(), KEY);
    assert_eq!([sealed.requests().len(), silent.requests().len(), up.requests().len()], [1, 1, 1]);

    // None answers: the first one's error.
    let error = self::source(&[sealed.address(), &closed]).error(ErrorKind::Transient);
    assert!(error.message().ends_with("is sealed"), "{error}");
    let error = self::source(&[&closed]).error(ErrorKind::Transient);
    assert!(error.message().starts_with("cannot reach vault at"), "{error}");

    // A refusal is an answer, and the same everywhere.
    let full = Stub::start(|_| Reply::json(429, &json!({ "errors": ["quota exceeded"] })));
    let asked = up.requests().len();
    self::source(&[full.address(), up.address()]).error(ErrorKind::Transient);
    assert_eq!(up.requests().len(), asked);
}

#[test]
fn wrapping_token_is_not_sent_twice_after_a_lost_answer() {
    let lost = Stub::start(|_| Reply::Bytes(String::new()));
    let other = Stub::start(|_| Reply::json(400, &json!({ "errors": ["used"] })));
    let toml = format!(
        "address = {:?}\npath = 'a'\n\
         auth = {{ method = 'token', token = {{ env = 'W', wrapped = true }} }}",
        [lost.address(), other.address()]
    );
    Source::with_variables(&toml, &[("W", CANARY)]).error(ErrorKind::Transient);
    assert!(other.requests().is_empty());
}

#[test]
fn wrapping_token_is_not_sent_twice_after_a_proxys_503() {
    let page = Stub::start(|_| Reply::new(503, &[], "<html>upstream reset</html>"));
    let other = Stub::start(|_| Reply::json(400, &json!({ "errors": ["used"] })));
    let toml = format!(
        "address = {:?}\npath = 'a'\n\
         auth = {{ method = 'token', token = {{ env = 'W', wrapped = true }} }}",
        [page.address(), other.address()]
    );
    Source::with_variables(&toml, &[("W", CANARY)]).error(ErrorKind::Transient);
    assert!(other.requests().is_empty());
}

#[test]
fn revocation_that_is_redirected_shows_no_token() {
    let stub = Stub::start(|request| match request.line.rsplit('/').next() {
        Some("revoke-self") => {
            Reply::new(307, &[&format!("Location: http://{CANARY}.example/")], "")
        }
        Some("login") => Reply::json(
            200,
            &json!({ "request_id": "r", "auth": { "client_token": CANARY, "lease_duration": 60 } }),
        ),
        _ => key(),
    });
    let toml = format!(
        "address = '{}'\npath = 'a'\n\
         auth = {{ method = 'approle', role_id = 'ci', secret_id = {{ env = 'ID' }} }}",
        stub.address()
    );
    let mut source = Source::with_variables(&toml, &[("ID", "id-1")]);
    assert_eq!(source.key(), KEY);
    let error = source.revoke().unwrap_err();
    assert!(error.message().contains("redirects to `http://[redacted]"), "{error}");
}

#[test]
fn vault_token_unknown_to_a_standby_is_transient() {
    // A standby that is a moment behind: it forwards the login, and does not know its token yet.
    let stub = Stub::start(|request| {
        if request.line.ends_with("/login") {
            let auth = json!({ "client_token": "s.1", "token_policies": ["default"] });
            Reply::json(200, &json!({ "request_id": "r", "auth": auth }))
        } else {
            Reply::json(403, &json!({ "errors": ["permission denied"] }))
        }
    });
    let auth = "auth = { method = 'approle', role_id = 'r' }";
    let toml = format!("address = '{}'\npath = 'a'\n{auth}", stub.address());
    let mut source = Source::new(&toml);
    source.error(ErrorKind::Transient);
    assert_eq!(source.stored_secrets(), ["s.1"], "the token was kept before it was used");
}

#[test]
fn vault_raft_node_failure_is_answered_by_the_others() {
    let cluster = OpenBao::raft(3);
    let leader = cluster.leader().unwrap();
    leader.enable_engine("secret", "kv", &json!({ "version": "2" }));
    leader.write("secret/data/anthropic", &json!({ "data": { "api_key": KEY } }));
    leader.policy("reader", &[("secret/data/anthropic", "read")]);
    let mut single = approle_source(leader, json!({ "token_ttl": "1h" }));
    let id = single.variable("ID");
    let auth = single.toml.lines().last().unwrap().to_owned();
    single.key();

    // The leader first: after it died, a kept token reads at another node at once.
    let mut addresses = vec![leader.address()];
    addresses.extend(cluster.addresses().into_iter().filter(|other| *other != leader.address()));
    let toml = format!("address = {addresses:?}\npath = 'anthropic'\n{auth}");
    let mut source = Source::with_variables(&toml, &[("ID", &id)]);
    assert_eq!(source.key(), KEY);
    leader.kill();
    let end = Instant::now() + Duration::from_secs(30);
    let mut source = || loop {
        match source.fetch() {
            Ok(credential) => break credential.key.expose().to_owned(),
            Err(error) if error.kind() == ErrorKind::Transient && Instant::now() < end => {}
            Err(error) => panic!("{}", error.report()),
        }
    };
    assert_eq!(source(), KEY);
    single.error(ErrorKind::Transient);
}

/// A standby that points to another address.
fn redirecting(to: &str, status: u16) -> Stub {
    let to = to.to_owned();
    Stub::start(move |request| {
        let path = request.line.split(' ').nth(1).unwrap();
        Reply::new(status, &[&format!("Location: {to}{path}")], "")
    })
}
