//! Plain requests to a server on loopback.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// A client of one server. Its methods block: call them outside an async runtime.
#[derive(Clone, Debug)]
pub(super) struct HttpClient {
    address: String,
    client: Client,
    /// The runtime of the client's connections.
    runtime: Arc<Runtime>,
}

impl HttpClient {
    pub(super) fn new(address: &str) -> Self {
        let client = Client::builder().no_proxy().tls_certs_only([]);
        let client = client.timeout(Duration::from_secs(20)).build().expect("a client");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { address: address.to_owned(), client, runtime: Arc::new(runtime) }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the status and the body of the response, whatever the status; an error if there is
    /// none.
    pub(super) fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(u16, String), String> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.address)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.runtime.block_on(async {
            let response = request.send().await.map_err(|error| format!("{error:?}"))?;
            let status = response.status().as_u16();
            Ok((status, response.text().await.map_err(|error| format!("{error:?}"))?))
        })
    }

    /// Returns the body of a response that must be a success.
    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> String {
        match self.try_request(method, path, headers, body) {
            Ok((200..=299, answer)) => answer,
            other => panic!("{method} {}{path}: {other:?}", self.address),
        }
    }
}

/// Parses a body that must be JSON.
pub(super) fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}
