//! The real binaries, called as clients of each format do.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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

/// The profile's line that allows these servers.
const SERVERS: &str = "send_to = [\"https://a.example\", \"https://b.example\"]";

/// Returns git's description of a server.
fn git_asks(host: &str) -> String {
    format!("capability[]=authtype\nprotocol=https\nhost={host}\nwwwauth[]=Basic realm=\"x\"\n\n")
}

/// Returns Cargo's request for a registry.
fn cargo_asks(kind: &str, host: &str) -> String {
    format!(
        "{{\"v\":1,\"registry\":{{\"index-url\":\"sparse+https://{host}/index/\",\"name\":\"x\",\
         \"headers\":[\"WWW-Authenticate: Cargo\"]}},\"kind\":\"{kind}\",\"operation\":\"read\",\
         \"args\":[]}}\n"
    )
}

/// Returns a call as git makes it.
fn git(home: &Home, word: &str, said: &str) -> Call {
    home.call(["--format", "git", word]).input(said.as_bytes())
}

/// Returns a call as Cargo makes it.
fn cargo(home: &Home, said: &str) -> Call {
    home.call(["--format", "cargo", "--cargo-plugin"]).input(said.as_bytes())
}

/// Returns a call as a Kubernetes client makes it, with or without a cluster.
fn kubernetes(home: &Home, version: &str, cluster: &str) -> Call {
    let info = format!(
        "{{\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"kind\":\"ExecCredential\",\
         \"spec\":{{\"interactive\":false{cluster}}}}}"
    );
    home.call(["--format", "exec-credential"]).env("KUBERNETES_EXEC_INFO", info)
}
