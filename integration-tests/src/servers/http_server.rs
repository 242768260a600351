//! A server of HTTP, which runs as long as a test holds it.

use std::process::Command;

use tempfile::TempDir;

use super::http_client::HttpClient;
use super::process::{Process, free_ports};

/// A server with a client. Its log is in a folder of its own.
#[derive(Debug)]
pub(super) struct HttpServer {
    pub(super) http: HttpClient,
    process: Process,
    _folder: TempDir,
}

impl HttpServer {
    /// Starts `command` with a port, and waits until the server is `ready`.
    ///
    /// # Panics
    /// It does not get ready on any of three ports.
    pub(super) fn start(
        what: &str,
        command: impl Fn(u16) -> Command,
        ready: impl Fn(&HttpClient) -> bool,
    ) -> Self {
        let mut log = String::new();
        for _ in 0..3 {
            let port = free_ports();
            let folder = tempfile::tempdir().expect("a folder");
            let mut process = Process::start(&command(port), folder.path());
            let http = HttpClient::new(&format!("http://127.0.0.1:{port}"));
            if process.wait_until(|| ready(&http)) {
                return Self { http, process, _folder: folder };
            }
            log = process.log();
        }
        panic!("{what} does not start: {log}")
    }

    /// Kills the server.
    pub(super) fn kill(&self) {
        self.process.kill();
    }
}
