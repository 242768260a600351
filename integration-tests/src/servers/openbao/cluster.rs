//! A cluster of OpenBao nodes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::{AUDIT_DEVICE, OpenBao};
use crate::servers::admin::{Admin, text};
use crate::servers::process::{Process, free_ports, write};
use crate::wait;

/// Nodes that share their data by raft.
#[derive(Debug)]
pub struct Cluster {
    /// The nodes, in any order.
    pub nodes: Vec<OpenBao>,
}

impl Cluster {
    pub(super) fn start(count: usize) -> Self {
        let ports: Vec<u16> = (0..count).map(|_| free_ports()).collect();
        let shared = tempfile::tempdir().expect("a folder");
        let key = write(shared.path(), "seal.key", "0123456789abcdef0123456789abcdef");
        let mut nodes: Vec<OpenBao> = ports.iter().map(|port| node(*port, &ports, &key)).collect();

        let first = &nodes[0];
        let init = json!({ "recovery_shares": 1, "recovery_threshold": 1 });
        let root = text(&first.request("PUT", "sys/init", Some(&init)), "/root_token");
        for node in &mut nodes {
            node.admin = Admin::new(&node.address, &root, None);
        }
        let cluster = Self { nodes };
        cluster.wait_for("a leader", |cluster| {
            cluster.leader().is_some_and(|leader| {
                let body = json!({
                    // By default, a new node becomes a voter only after ten seconds.
                    "server_stabilization_time": "1s",
                    "cleanup_dead_servers": false,
                });
                let path = "sys/storage/raft/autopilot/configuration";
                matches!(leader.try_request("POST", path, Some(&body), &[]), Ok((204, _)))
            })
        });
        cluster.wait_for("all voters", |cluster| {
            let state = cluster.leader().map(|leader| {
                leader.try_request("GET", "sys/storage/raft/autopilot/state", None, &[])
            });
            matches!(state, Some(Ok((200, state))) if
                state["data"]["healthy"] == true
                    && state["data"]["voters"].as_array().is_some_and(|v| v.len() == count))
        });
        // The nodes read the key when they unsealed themselves.
        drop(shared);
        cluster
    }

    /// Returns the current leader.
    #[must_use]
    pub fn leader(&self) -> Option<&OpenBao> {
        self.nodes
            .iter()
            .find(|node| matches!(node.try_request("GET", "sys/health", None, &[]), Ok((200, _))))
    }

    /// Returns all addresses.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        self.nodes.iter().map(OpenBao::address).collect()
    }

    fn wait_for(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let started = wait::now();
        while !done(self) {
            if wait::since(started) > wait::LIMIT {
                let logs: Vec<String> = self.nodes.iter().map(|node| node.process.log()).collect();
                panic!("the cluster does not have {what}: {}", logs.join("\n---\n"));
            }
            wait::sleep(Duration::from_millis(100));
        }
    }
}

fn node(port: u16, ports: &[u16], key: &Path) -> OpenBao {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let data = path.join("data");
    fs::create_dir(&data).expect("a folder for the data");
    let joins: String = ports
        .iter()
        .filter(|other| **other != port)
        .map(|other| format!("  retry_join {{ leader_api_addr = \"http://127.0.0.1:{other}\" }}\n"))
        .collect();
    let config = format!(
        r#"
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster}"
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_disable = true
}}
seal "static" {{
  current_key_id = "1"
  current_key = "file://{key}"
}}
storage "raft" {{
  path = "{data}"
  node_id = "node-{port}"
  performance_multiplier = 1
{joins}}}
{AUDIT_DEVICE}"#,
        cluster = port + 1,
        key = key.display(),
        data = data.display(),
    );
    let config = write(path, "config.hcl", &config);
    let mut bao = Command::new(OpenBao::program());
    bao.arg("server").arg(format!("-config={}", config.display()));
    let address = format!("http://127.0.0.1:{port}");
    let mut process = Process::start(&bao, path);
    let admin = Admin::new(&address, "", None);
    let up = process.wait_until(|| admin.try_request("GET", "sys/health", None, &[]).is_ok());
    assert!(up, "a raft node does not start: {}", process.log());
    OpenBao { admin, address, process, folder }
}
