//! Proxies from the environment.

use std::io::Write as _;
use std::path::Path;

use integration_tests::mounts::Mounts;
use integration_tests::servers::{Authority, Reply, Stub, TlsFront, Tunnel};
use tempfile::NamedTempFile;

use crate::server::{KEY, at, stub};
use crate::user::User;

const TOKEN: &str = "s.canary-t0ken-thr0ugh-4-pr0xy";
const HOST: &str = "vault.corp.example";

/// A Vault with the name [`HOST`], and the authority that its user trusts.
struct Office {
    front: TlsFront,
    authority: Authority,
    _vault: Stub,
}

impl Office {
    fn new() -> Self {
        let (vault, authority) = (stub(KEY), Authority::new());
        let pair = authority.sign("server", &[&format!("subjectAltName=DNS:{HOST}")]);
        Self { front: TlsFront::to(vault.address(), &pair), authority, _vault: vault }
    }

    fn user(&self) -> User {
        let address = format!("https://{HOST}:{}", self.front.port());
        let ca_file = format!("ca_file = \"{}\"\n", self.authority.file().display());
        let source = at(&address) + &ca_file;
        User::with_profile("retries = 0", &source).with_secret_variable("VAULT_TOKEN", TOKEN)
    }
}

/// Returns a user of a server that only a proxy could reach.
fn user() -> User {
    User::with_profile("retries = 0", &at(&format!("https://{HOST}:9")))
        .with_secret_variable("VAULT_TOKEN", TOKEN)
}

fn proxy(status: u16) -> Stub {
    Stub::start(move |_| Reply::new(status, &[], "no"))
}

#[test]
fn key_comes_through_the_proxy_of_each_variable() {
    let office = Office::new();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"]
    {
        let proxy = Tunnel::to(office.front.port());
        let address = proxy.address().replace("://", "://ann:p%40ss%3Aw0rd@");
        // White space and the variable of a CGI program change nothing.
        let user = office.user().with_variable(name, &format!(" {address}\n"));
        user.with_variable("REQUEST_METHOD", "GET").get().assert_key(KEY);
        let requests = proxy.requests();
        assert_eq!(requests.len(), 1, "{name}");
        assert_eq!(requests[0].line, format!("CONNECT {HOST}:{}", office.front.port()));
        // `ann:p@ss:w0rd`
        let login = Some("Basic YW5uOnBAc3M6dzByZA==");
        assert_eq!(requests[0].header("proxy-authorization"), login, "{name}");
    }
}

#[test]
fn vault_proxy_addr_beats_https_proxy_and_no_proxy() {
    let office = Office::new();
    let (own, second, general) = (Tunnel::to(office.front.port()), proxy(502), proxy(502));
    let user = office.user().with_variable("VAULT_PROXY_ADDR", own.address());
    let user = user.with_variable("VAULT_HTTP_PROXY", second.address());
    let user = user.with_variable("HTTPS_PROXY", general.address()).with_variable("NO_PROXY", "*");
    user.get().assert_key(KEY);
    assert_eq!(own.requests().len(), 1);
    assert!(second.requests().is_empty() && general.requests().is_empty());
}

#[test]
fn no_proxy_with_port_or_star_bypasses_the_proxy() {
    let office = Office::new();
    let mut hosts = NamedTempFile::new().unwrap();
    writeln!(hosts, "127.0.0.1 localhost {HOST}").unwrap();
    let mounts = Mounts::new().bind(hosts.path(), Path::new("/etc/hosts"));
    let with_port = format!("{HOST}:{}", office.front.port());
    for list in [&*with_port, "*.corp.example", " a.example , .corp.example.", "CORP.EXAMPLE", "*"]
    {
        let proxy = proxy(502);
        let user = office.user().with_variable("HTTPS_PROXY", proxy.address());
        let user = user.with_variable("NO_PROXY", list);
        user.run(&mounts.seen_by(user.helper())).assert_key(KEY);
        assert!(proxy.requests().is_empty(), "{list}");
    }
    for list in [&*format!("{HOST}:10"), "*.other.example", "orp.example"] {
        let proxy = proxy(502);
        let user = user().with_variable("HTTPS_PROXY", proxy.address());
        user.with_variable("NO_PROXY", list).get().assert_error(1, &["answered 502"]);
        assert_eq!(proxy.requests()[0].line, format!("CONNECT {HOST}:9"), "{list}");
    }
}

#[test]
fn unusable_proxy_variable_is_named_and_nothing_is_sent() {
    for (name, value) in [
        ("HTTPS_PROXY", "http://[bad"),
        ("HTTPS_PROXY", "http://127.0.0.1 :1"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1"),
        ("https_proxy", "socks5://ann:canary-pr0xy-w0rd-4m4nd4r1n@127.0.0.1:1"),
        ("VAULT_PROXY_ADDR", "ftp://127.0.0.1:1"),
        ("ALL_PROXY", "http://ann:canary-pr0xy-w0rd-4m4nd4r1n#1@127.0.0.1:1"),
    ] {
        let user = user().with_variable(name, value);
        user.hide("canary-pr0xy-w0rd-4m4nd4r1n");
        let words = [&*format!("the variable `{name}` is not a usable proxy"), "`unset "];
        user.get().assert_error(2, &words);
    }
}

#[test]
fn proxy_failure_names_the_proxy_its_variable_and_its_status() {
    let user = |name: &str, value: &str| user().with_variable(name, value);
    let words = [
        &*format!("cannot reach vault at `https://{HOST}:9` (through the proxy `127.0.0.1:1` of"),
        "`HTTPS_PROXY`): Connection refused",
    ];
    user("HTTPS_PROXY", "http://127.0.0.1:1").get().assert_error(1, &words);
    for (status, code, hint) in
        [(403, 1, "`NO_PROXY`"), (502, 1, "`NO_PROXY`"), (407, 2, "`http://USER:PASSWORD@127.")]
    {
        let proxy = proxy(status);
        let answered = format!("the proxy answered {status}");
        let named = format!("`{}` of `ALL_PROXY`", proxy.address().trim_start_matches("http://"));
        user("ALL_PROXY", proxy.address()).get().assert_error(code, &[&answered, &named, hint]);
    }
    let proxy = proxy(407);
    let address = proxy.address().replace("://", "://ann:canary-pr0xy-w0rd-4m4nd4r1n@");
    let user = user("HTTPS_PROXY", &address);
    user.hide("canary-pr0xy-w0rd-4m4nd4r1n");
    user.get().assert_error(2, &["rejected the user name or password"]);
}

#[test]
fn silent_proxy_is_named_after_timeout() {
    let proxy = Stub::start(|_| Reply::Silence);
    let source = at(&format!("https://{HOST}:9")) + "timeout = \"1s\"\n";
    let user =
        User::with_profile("retries = 0", &source).with_secret_variable("VAULT_TOKEN", TOKEN);
    let user = user.with_variable("HTTPS_PROXY", proxy.address());
    user.get().assert_error(1, &["did not answer within", "of `HTTPS_PROXY`)"]);
}

#[test]
fn tls_server_name_with_a_proxy_exits_2() {
    let proxy = proxy(502);
    let source = at(&format!("https://{HOST}:9")) + "tls_server_name = \"vault\"\n";
    let user = User::new(&source).with_secret_variable("VAULT_TOKEN", TOKEN);
    let user = user.with_variable("HTTPS_PROXY", proxy.address());
    user.get().assert_error(2, &["`tls_server_name`", "`HTTPS_PROXY`", "to `NO_PROXY`"]);
    assert!(proxy.requests().is_empty());
}
