//! A server that serves HTTP, for as long as a test holds it.

use std::process::Command;

use tempfile::TempDir;

use super::http_client::HttpClient;
use super::process::{Process, free_ports};

/// A server, and a client of it. Its log is in a folder of its own.
#[derive(Debug)]
pub(super) struct HttpServer {
    pub(super) http: HttpClient,
    process: Process,
    _folder: TempDir,
}

impl HttpServer {
    /// Starts `command` at a port that it is given, and waits until the server is `ready`.
    ///
    /// # Panics
    /// When it does not get ready at any of three ports.
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

    /// Ends it at once.
    pub(super) fn kill(&self) {
        self.process.kill();
    }
}
