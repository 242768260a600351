//! Keys that are lent: a RabbitMQ engine whose RabbitMQ is a stub gives leases that can be renewed.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use api_key_helper_backend::{Credential, ErrorKind};
use integration_tests::servers::openbao::ROOT;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OpenBao, Stub};
use serde_json::json;

use crate::common::{Source, approle_source};

const CREDS: &str = "rabbitmq/creds/r";
const RENEW: &str = "sys/leases/renew";

/// A server whose `rabbitmq/creds/r` lends keys, for `ttl` and at most `max_ttl`.
fn lender(ttl: &str, max_ttl: &str) -> (OpenBao, Stub) {
    let bao = OpenBao::dev();
    let rabbit = Stub::start(|_| Reply::new(204, &[], ""));
    bao.enable_engine("rabbitmq", "rabbitmq", &json!({}));
    let connection = json!({ "connection_uri": rabbit.address(), "username": "u", "password": "p",
                             "verify_connection": false });
    bao.write("rabbitmq/config/connection", &connection);
    bao.write("rabbitmq/config/lease", &json!({ "ttl": ttl, "max_ttl": max_ttl }));
    let vhosts = r#"{"/":{"configure":"","write":"","read":".*"}}"#;
    bao.write("rabbitmq/roles/r", &json!({ "vhosts": vhosts }));
    bao.policy("reader", &[(CREDS, "read")]);
    (bao, rabbit)
}

/// A source that borrows with a token that is given to it.
fn borrower(bao: &OpenBao, token: &str) -> Source {
    Source::with_variables(&toml(bao), &[("VAULT_TOKEN", token)])
}

fn toml(bao: &OpenBao) -> String {
    let address = bao.address();
    format!("address = '{address}'\nengine = 'read'\npath = '{CREDS}'\nfield = 'password'")
}

fn life(credential: &Credential) -> Duration {
    credential.expires_at.unwrap().duration_since(SystemTime::now()).unwrap()
}

#[test]
fn lease_is_renewed_and_keeps_its_key() {
    let (bao, rabbit) = lender("1h", "24h");
    let mut source = borrower(&bao, ROOT);
    let first = source.fetch().unwrap();
    assert!(life(&first) <= Duration::from_secs(3600) && life(&first) > Duration::from_secs(3500));
    let second = source.fetch().unwrap();
    assert_eq!(first.key, second.key);
    assert!(second.expires_at >= first.expires_at);
    assert_eq!([bao.requests(CREDS), bao.requests(RENEW)], [1, 1]);

    // It was revoked.
    bao.write("sys/leases/revoke", &json!({ "lease_id": lease_id(&source) }));
    assert_ne!(source.key(), first.key.expose());
    assert_eq!([bao.requests(CREDS), bao.requests(RENEW)], [2, 2]);

    // Its end has come.
    source.set_later(Duration::from_secs(4000));
    source.key();
    assert_eq!([bao.requests(CREDS), bao.requests(RENEW)], [3, 2]);

    let users_before = deleted(&rabbit);
    source.set_later(Duration::ZERO);
    source.revoke().unwrap();
    assert_eq!(deleted(&rabbit), users_before + 1);
    bao.read("auth/token/lookup-self");
}

#[test]
fn lease_of_a_rejected_key_is_not_renewed() {
    let (bao, _rabbit) = lender("1h", "24h");
    let mut source = borrower(&bao, ROOT);
    let first = source.key();
    source.wants_another_key = true;
    let second = source.key();
    assert_ne!(second, first);
    // The lease that is kept now is the new key's.
    source.wants_another_key = false;
    assert_eq!(source.key(), second);
    assert_eq!([bao.requests(CREDS), bao.requests(RENEW)], [2, 1]);
}

#[test]
fn lease_near_its_max_ttl_is_replaced_by_a_new_key() {
    let (bao, _rabbit) = lender("8s", "9s");
    let mut source = borrower(&bao, ROOT);
    let first = source.key();
    thread::sleep(Duration::from_millis(6500));
    let second = source.fetch().unwrap();
    assert_ne!(second.key.expose(), first);
    assert!(life(&second) > Duration::from_secs(4), "{:?}", life(&second));
    assert_eq!([bao.requests(CREDS), bao.requests(RENEW)], [2, 1]);
}

#[test]
fn lease_ends_with_its_vault_token() {
    let (bao, rabbit) = lender("1h", "24h");
    let token = bao.token(&json!({ "policies": ["reader"], "ttl": "10m" }));
    let given = borrower(&bao, &token).fetch().unwrap();
    assert!(life(&given) <= Duration::from_secs(600), "{:?}", life(&given));

    let role = json!({ "token_ttl": "20m" });
    let approle = approle_source(&bao, role);
    let auth = approle.toml.lines().last().unwrap();
    let toml = format!("{}\n{auth}", toml(&bao));
    let id = approle.variable("ID");
    let mut source = Source::with_variables(&toml, &[("ID", &id)]);
    let earned = source.fetch().unwrap();
    assert!(life(&earned) <= Duration::from_secs(1200), "{:?}", life(&earned));
    // The token dies, and the lease with it: a login, and a new key.
    bao.write("auth/token/revoke", &json!({ "token": source.stored_secrets()[0] }));
    assert_ne!(source.fetch().unwrap().key, earned.key);
    // To give back the token gives back the lease.
    let before = deleted(&rabbit);
    source.revoke().unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while deleted(&rabbit) == before {
        assert!(Instant::now() < end, "the lease was not given back");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn lease_revocation_that_is_denied_names_the_permission() {
    let (bao, _rabbit) = lender("1h", "24h");
    let token = bao.token(&json!({ "policies": ["reader"] }));
    let mut source = borrower(&bao, &token);
    source.key();
    let error = source.revoke().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.hint().unwrap().to_string().contains("sys/leases/revoke"), "{error:?}");
}

/// A server that lends keys, and takes none back.
fn stub(lease: &'static str) -> Stub {
    Stub::start(move |request| match request.line.as_str() {
        "PUT /v1/sys/leases/revoke" | "POST /v1/sys/leases/revoke" => {
            Reply::json(400, &json!({ "errors": ["failed to revoke entry"] }))
        }
        _ => Reply::json(
            200,
            &json!({
                "request_id": "r", "lease_id": lease, "lease_duration": 3600,
                "renewable": true, "data": { "password": "sk-1" },
            }),
        ),
    })
}

fn lent_by(stub: &Stub) -> Source {
    let toml = format!("address = '{}'\nnamespace = 'team'\n{READ}", stub.address());
    let mut source = Source::with_variables(&toml, &[("VAULT_TOKEN", "s.made-up")]);
    source.key();
    source
}

const READ: &str = "engine = 'read'\npath = 'rabbitmq/creds/r'\nfield = 'password'";
const LOGIN: &str = "auth = { method = 'approle', role_id = 'ci', secret_id = { env = 'ID' } }";

#[test]
fn logout_after_a_replaced_token_tells_how_to_revoke_the_lease() {
    let (first, second) = (stub("rabbitmq/creds/r/x$(id)"), stub(""));
    let renewal = lent_by(&first).renewal.clone();
    let at = first.address();
    for (server, says) in [(at, "came of a given token"), (second.address(), "not asked any more")]
    {
        let toml = format!("address = '{server}'\nnamespace = 'team'\n{READ}\n{LOGIN}");
        let mut source = Source::with_variables(&toml, &[("ID", "id-1")]);
        source.renewal.clone_from(&renewal);
        let error = source.revoke().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.message().contains(&format!("at `{at}`")), "{error}");
        assert!(error.message().contains(says), "{error}");
        let command = format!(
            "run `vault lease revoke -address={at} -namespace=team 'rabbitmq/creds/r/x$(id)'`"
        );
        assert_eq!(error.hint(), Some(&(*command).into()));
    }
    assert!(second.requests().is_empty());
}

#[test]
fn lease_revocation_that_the_engine_refuses_is_denied() {
    let stub = stub("rabbitmq/creds/r/x1");
    let mut source = lent_by(&stub);
    let error = source.revoke().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.message().ends_with("`rabbitmq/creds/r/x1`: failed to revoke entry"), "{error}");
}

#[test]
fn lease_of_a_removed_engine_role_is_misconfigured() {
    let (bao, _rabbit) = lender("1h", "24h");
    bao.delete("rabbitmq/roles/r");
    let error = borrower(&bao, ROOT).error(ErrorKind::Misconfigured);
    assert_eq!(error.message(), "vault refused to read `rabbitmq/creds/r`: unknown role: r");
}

fn lease_id(source: &Source) -> String {
    let renewal = source.renewal.as_ref().unwrap();
    let kept: serde_json::Value = serde_json::from_str(renewal.expose()).unwrap();
    kept["lease"]["id"].as_str().unwrap().to_owned()
}

/// How many users were deleted in the stub.
fn deleted(rabbit: &Stub) -> usize {
    rabbit.requests().iter().filter(|request| request.line.starts_with("DELETE")).count()
}
