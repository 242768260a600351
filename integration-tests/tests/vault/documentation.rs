//! The examples of `docs/backends/vault.md` print a key.
//!
//! Every configuration of the page runs against a server as the page describes it. Only the
//! server's address, the role-id and the password manager are replaced. The role has only the
//! policy that the page recommends.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use integration_tests::call::Answer;
use integration_tests::mounts::Mounts;
use integration_tests::servers::{OpenBao, Stub};
use serde_json::json;

use crate::auth::{certificate_login, in_pod, jwt_login, kubernetes_login};
use crate::server::{KEY, PASSWORD, READ, approle, lend, secret_id};
use crate::user::User;

/// A server for all examples of the page.
struct Company {
    bao: OpenBao,
    role_id: String,
    jwt: String,
    pod_jwt: String,
    certificate: [String; 2],
    _servers: [Stub; 2],
}

impl Company {
    fn new(policy: &str) -> Self {
        let bao = OpenBao::dev_tls();
        bao.write(READ, &json!({ "data": { "api_key": KEY } }));
        bao.write("sys/policies/acl/reader", &json!({ "policy": policy }));
        let role_id = approle(&bao, json!({}));
        let jwt = jwt_login(&bao);
        let (pod_jwt, cluster) = kubernetes_login(&bao);
        let certificate = certificate_login(&bao);
        for mount in ["people", "ldap"] {
            // This server has no LDAP, which is the same for the client.
            bao.enable_auth(mount, "userpass");
            let user = json!({ "password": PASSWORD, "token_policies": "reader" });
            bao.write(&format!("auth/{mount}/users/ann"), &user);
        }

        let rabbit = lend(&bao, "gateway", "developer", "1h", "24h");
        bao.policy("borrower", &[("gateway/creds/developer", "read")]);
        bao.write("auth/cert/certs/ci", &json!({ "token_policies": "reader,borrower" }));

        bao.write("sys/namespaces/platform", &json!({}));
        bao.in_namespace("platform").write("sys/namespaces/ai", &json!({}));
        let team = bao.in_namespace("platform/ai");
        team.enable_engine("team/kv", "kv", &json!({ "version": "2" }));
        for _ in 1..=3 {
            team.write("team/kv/data/prod/anthropic", &json!({ "data": { "api_key": KEY } }));
        }
        bao.policy("team", &[("platform/ai/team/kv/data/prod/anthropic", "read")]);
        Self { bao, role_id, jwt, pod_jwt, certificate, _servers: [cluster, rabbit] }
    }

    /// Returns a user with the configuration `block`, and the mounts that they see.
    fn user(&self, block: &str) -> (User, Mounts) {
        let bao = &self.bao;
        let token = |policy: &str| bao.token(&json!({ "policies": [policy], "ttl": "1h" }));
        let wrapped = bao.wrapped("auth/approle/role/ci/secret-id", &json!({}));
        let user = User::new("")
            .with_secret_variable("VAULT_TOKEN", &token("team"))
            .with_secret_variable("VAULT_SECRET_ID", &secret_id(bao))
            .with_secret_variable("VAULT_PASSWORD", PASSWORD)
            .with_secret_variable("CI_JOB_JWT", &self.jwt)
            .with_variable("VAULT_CACERT", &bao.ca_file().display().to_string());
        let mut mounts = in_pod(Path::new(&user.secret_file("pod", &self.pod_jwt)));
        for (name, secret) in [
            ("secrets/secret-id", secret_id(bao)),
            ("secrets/wrapped-secret-id", wrapped),
            ("vault/agent-token", token("reader")),
        ] {
            let file = user.secret_file(&name.replace('/', "-"), &secret);
            mounts = mounts.copy(Path::new(&file), &Path::new("/run").join(name));
        }

        let beside = user.home.config_file().parent().unwrap().to_owned();
        fs::copy(bao.ca_file(), beside.join("vault-ca.pem")).unwrap();
        let [certificate, key] = &self.certificate;
        for name in ["ci", "ann"] {
            fs::write(beside.join(format!("{name}.pem")), certificate).unwrap();
            fs::write(beside.join(format!("{name}-key.pem")), key).unwrap();
        }
        let password = user.secret_file("password", PASSWORD);
        let pass = format!("[ \"$*\" = 'show ldap' ] && cat '{password}'");
        let pass = user.home.script("pass", &pass).display().to_string();

        // The first of the two servers is down.
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = block
            .replace("https://vault.example.com:8200", bao.address())
            .replace("https://vault-1.example.com:8200", &format!("https://{closed}"))
            .replace("https://vault-2.example.com:8200", bao.address())
            .replace("/usr/bin/pass", &pass)
            .replace("7f4c…", &self.role_id);
        user.home.configure(&text);
        (user, mounts)
    }
}

#[test]
fn vault_page_configurations_all_print_a_key() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/backends/vault.md");
    let page = fs::read_to_string(page).unwrap();
    let [policy] = &blocks(&page, "hcl")[..] else { panic!("the page shows one policy") };
    let company = Company::new(policy);
    let configurations = blocks(&page, "toml");
    assert!(configurations.len() >= 10, "{}", configurations.len());
    for block in configurations {
        let sources = names(block, "source");
        let default = names(block, "profile")[0];
        // The profile on the page, and each source by itself.
        let mut text = format!("default_profile = \"{default}\"\n{block}");
        for source in &sources {
            text += &format!("[profile.only-{source}]\nsources = [\"{source}\"]\n");
        }
        let (user, mounts) = company.user(&text);
        assert_printed(block, &user.run(&mounts.seen_by(user.helper())));
        for source in sources {
            let call = user.call(&["--profile", &format!("only-{source}"), "get", "--refresh"]);
            assert_printed(block, &user.run(&mounts.seen_by(call)));
        }
    }
}

#[track_caller]
fn assert_printed(block: &str, answer: &Answer) {
    if block.contains("engine = \"read\"") {
        assert!(answer.assert_printed().len() > 16, "{block}");
    } else {
        assert_eq!(answer.assert_printed(), KEY, "{block}");
    }
}

/// Returns the blocks with the info string `language`.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Returns the names of the tables `[KIND.NAME]`.
fn names<'a>(block: &'a str, kind: &str) -> Vec<&'a str> {
    let tables = block.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    tables
        .filter_map(|table| table.strip_prefix(kind)?.strip_prefix('.'))
        .filter(|name| !name.contains('.'))
        .collect()
}
