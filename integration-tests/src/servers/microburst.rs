//! Microburst, a proxy that simulates failures of AWS.

use serde_json::{Value, json};

use super::http_client;
use super::http_server::HttpServer;
use super::moto::start;
use crate::install;

/// A proxy, which forwards everything until it has rules. It changes the host of a signed request,
/// so the upstream must not check signatures.
#[derive(Debug)]
pub struct Microburst {
    server: HttpServer,
}

impl Microburst {
    /// Starts a proxy in front of the server at `upstream`, and waits until it is ready.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn before(upstream: &str) -> Self {
        let packages = install::pypi(&["microburst==0.10.0"]);
        let arguments = ["--upstream", upstream, "--no-resign"];
        let server = start(&packages, "microburst", &arguments, |http| {
            http.try_request("GET", "/_microburst/health", &[], String::new()).is_ok()
        });
        let proxy = Self { server };
        proxy.warm_up();
        proxy
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.http.address()
    }

    /// Replaces the rules: lists of conditions and effects, such as `{ "service": "*", "times": 1,
    /// "reset": true }`.
    pub fn rules(&self, rules: &Value) {
        let headers = [("Content-Type", "application/json")];
        self.server.http.request("POST", "/_microburst/rules", &headers, rules.to_string());
    }

    /// Returns the number of requests so far, failed or not.
    ///
    /// # Panics
    /// The proxy does not answer.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let stats = self.server.http.request("GET", "/_microburst/stats", &[], String::new());
        http_client::json(&stats)["requests"]["total"].as_u64().expect("a number of requests")
    }

    /// The first request loads the models of all services, which takes seconds.
    fn warm_up(&self) {
        self.rules(&json!([{ "service": "*", "times": 1, "error": { "code": "Throttling" } }]));
        let headers = [
            ("X-Amz-Target", "secretsmanager.GetSecretValue"),
            ("Content-Type", "application/x-amz-json-1.1"),
        ];
        let _ = self.server.http.try_request("POST", "/", &headers, "{}".to_owned());
        self.rules(&json!([]));
    }
}
