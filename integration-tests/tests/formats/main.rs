//! The real binaries, as clients of each format call them.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod canary;
mod choosing;
mod errors;
mod impatience;
mod links;
mod printing;
mod reports;
mod runs_again;
mod stdin;

use integration_tests::call::Call;
use integration_tests::home::Home;

/// What a profile says that any client may be given its key.
const SERVERS: &str = "send_to = [\"https://a.example\", \"https://b.example\"]";

/// What git asks about a server.
fn git_asks(host: &str) -> String {
    format!("capability[]=authtype\nprotocol=https\nhost={host}\nwwwauth[]=Basic realm=\"x\"\n\n")
}

/// What Cargo asks of a registry.
fn cargo_asks(kind: &str, host: &str) -> String {
    format!(
        "{{\"v\":1,\"registry\":{{\"index-url\":\"sparse+https://{host}/index/\",\"name\":\"x\",\
         \"headers\":[\"WWW-Authenticate: Cargo\"]}},\"kind\":\"{kind}\",\"operation\":\"read\",\
         \"args\":[]}}\n"
    )
}

/// A call as git makes it.
fn git(home: &Home, word: &str, said: &str) -> Call {
    home.call(["--format", "git", word]).input(said.as_bytes())
}

/// A call as Cargo makes it.
fn cargo(home: &Home, said: &str) -> Call {
    home.call(["--format", "cargo", "--cargo-plugin"]).input(said.as_bytes())
}

/// A call as a Kubernetes client makes it, for a cluster that it names or not.
fn kubernetes(home: &Home, version: &str, cluster: &str) -> Call {
    let info = format!(
        "{{\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"kind\":\"ExecCredential\",\
         \"spec\":{{\"interactive\":false{cluster}}}}}"
    );
    home.call(["--format", "exec-credential"]).env("KUBERNETES_EXEC_INFO", info)
}
