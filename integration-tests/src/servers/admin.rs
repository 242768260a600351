//! Configures a server over its API.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::wait;

/// An administrator of an OpenBao. Its methods block: call them outside an async runtime.
#[derive(Clone, Debug)]
pub struct Admin {
    address: String,
    token: String,
    namespace: Option<String>,
    client: Client,
    /// The runtime of the client's connections.
    runtime: Arc<Runtime>,
}

impl Admin {
    pub(super) fn new(address: &str, token: &str, ca: Option<&[u8]>) -> Self {
        let mut builder = Client::builder().no_proxy().timeout(Duration::from_secs(20));
        // Only the server's own authority: reading those of the system takes longer than a request.
        builder = builder
            .tls_certs_only(ca.map(|pem| Certificate::from_pem(pem).expect("a certificate")));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self {
            address: address.to_owned(),
            token: token.to_owned(),
            namespace: None,
            client: builder.build().expect("a client"),
            runtime: Arc::new(runtime),
        }
    }

    /// Returns the same administrator in a namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self.clone() }
    }

    /// Returns a client with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Returns the status and the body of the response, whatever the status.
    ///
    /// # Errors
    /// There is no response.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<(u16, Value), String> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}/v1/{path}", self.address));
        if !self.token.is_empty() {
            request = request.header("X-Vault-Token", &self.token);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        self.runtime.block_on(async {
            let response = request.send().await.map_err(|error| format!("{error:?}"))?;
            let status = response.status().as_u16();
            let body = response.bytes().await.map_err(|error| format!("{error:?}"))?;
            Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
        })
    }

    /// Sends a request that must succeed.
    ///
    /// # Panics
    /// It does not.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        match self.try_request(method, path, body, &[]) {
            Ok((200..=299, answer)) => answer,
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    /// Writes to `path`.
    pub fn write(&self, path: &str, body: &Value) -> Value {
        self.request("POST", path, Some(body))
    }

    /// Reads `path`.
    pub fn read(&self, path: &str) -> Value {
        self.request("GET", path, None)
    }

    /// Deletes `path`.
    pub fn delete(&self, path: &str) {
        self.request("DELETE", path, None);
    }

    /// Writes to `path`, and returns the wrapping token of the response.
    ///
    /// # Panics
    /// The server refuses.
    #[must_use]
    pub fn wrapped(&self, path: &str, body: &Value) -> String {
        let answer = self.try_request("POST", path, Some(body), &[("X-Vault-Wrap-TTL", "5m")]);
        match &answer {
            Ok((200, answer)) => text(answer, "/wrap_info/token"),
            other => panic!("POST {path}: {other:?}"),
        }
    }

    /// Mounts an engine, and waits until it is ready.
    pub fn enable_engine(&self, mount: &str, kind: &str, options: &Value) {
        self.write(&format!("sys/mounts/{mount}"), &json!({ "type": kind, "options": options }));
        if options["version"] == "2" {
            // KV first upgrades itself to version 2, and answers 400 until then.
            let config = format!("{mount}/config");
            wait::until("the engine keeps versions", || {
                matches!(self.try_request("GET", &config, None, &[]), Ok((200, _))).then_some(())
            });
        }
    }

    /// Mounts an auth method.
    pub fn enable_auth(&self, mount: &str, kind: &str) {
        self.write(&format!("sys/auth/{mount}"), &json!({ "type": kind }));
    }

    /// Writes the policy `name`, whose rules are `(path, capability)`.
    pub fn policy(&self, name: &str, rules: &[(&str, &str)]) {
        let rule = |(path, can): &(&str, &str)| {
            format!("path \"{path}\" {{ capabilities = [\"{can}\"] }}\n")
        };
        let policy: String = rules.iter().map(rule).collect();
        self.write(&format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
    }

    /// Creates a token.
    #[must_use]
    pub fn token(&self, body: &Value) -> String {
        text(&self.write("auth/token/create", body), "/auth/client_token")
    }
}

/// Returns the string at `pointer` of a response.
///
/// # Panics
/// There is none.
#[must_use]
pub fn text(answer: &Value, pointer: &str) -> String {
    match answer.pointer(pointer).and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => panic!("no `{pointer}` in {answer}"),
    }
}
