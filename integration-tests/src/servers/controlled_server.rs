//! A server of `integration-tests/servers/` around `oidc-provider`. Tests control it under
//! `/test/`.

use std::path::Path;
use std::process::Command;

use reqwest::Url;
use serde_json::Value;

use super::http_client::{self, HttpClient};
use super::http_server::HttpServer;
use crate::install;

#[derive(Debug)]
pub(super) struct ControlledServer {
    server: HttpServer,
}

impl ControlledServer {
    /// Starts `program` with the settings for its port.
    ///
    /// # Panics
    /// It does not start.
    pub(super) fn start(program: &str, settings: impl Fn(u16) -> Value) -> Self {
        let modules = install::npm(&["oidc-provider@9.13.3"]);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers").join(program);
        let command = |port| {
            let mut node = Command::new("node");
            node.arg(&path).arg(&modules).arg(settings(port).to_string());
            node
        };
        let is_ready =
            |http: &HttpClient| http.try_request("GET", "/test/events", &[], String::new()).is_ok();
        Self { server: HttpServer::start(program, command, is_ready) }
    }

    pub(super) fn http(&self) -> &HttpClient {
        &self.server.http
    }

    /// Returns the state under `/test/NAME`.
    pub(super) fn look(&self, name: &str, query: &[(&str, &str)]) -> Value {
        self.ask("GET", name, query)
    }

    /// Triggers the action `/test/NAME`, and returns its result.
    pub(super) fn control(&self, name: &str, query: &[(&str, &str)]) -> Value {
        self.ask("POST", name, query)
    }

    /// Returns the requests so far, in order, with their results.
    pub(super) fn events<T>(&self, event: impl Fn(&Value) -> T) -> Vec<T> {
        let log = self.look("events", &[]);
        log["events"].as_array().into_iter().flatten().map(event).collect()
    }

    /// Kills the server.
    pub(super) fn kill(&self) {
        self.server.kill();
    }

    fn ask(&self, method: &str, name: &str, query: &[(&str, &str)]) -> Value {
        let mut address = Url::parse(self.http().address()).expect("an address");
        address.query_pairs_mut().extend_pairs(query);
        let path = format!("/test/{name}?{}", address.query().unwrap_or_default());
        http_client::json(&self.http().request(method, &path, &[], String::new()))
    }
}

/// Returns a string field of an event.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
