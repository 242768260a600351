//! Sets a server up over its API.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::wait;

/// An administrator of an OpenBao. It blocks: a test calls it outside of its own runtime.
#[derive(Clone, Debug)]
pub struct Admin {
    address: String,
    token: String,
    namespace: Option<String>,
    client: Client,
    /// The client's connections live in it.
    runtime: Arc<Runtime>,
}

impl Admin {
    pub(super) fn new(address: &str, token: &str, ca: Option<&[u8]>) -> Self {
        let mut builder = Client::builder().no_proxy().timeout(Duration::from_secs(20));
        // Nothing but the server's own authority: to read the system's takes longer than a request.
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

    /// The same administrator in a namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self.clone() }
    }

    /// Somebody else, by the token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Status and body of the answer; an error is none that the server gave.
    ///
    /// # Errors
    /// When there is no answer.
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

    /// A request that must be granted.
    ///
    /// # Panics
    /// When it is not.
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

    /// Writes to `path`, and returns the token that the answer is wrapped in.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn wrapped(&self, path: &str, body: &Value) -> String {
        let answer = self.try_request("POST", path, Some(body), &[("X-Vault-Wrap-TTL", "5m")]);
        match &answer {
            Ok((200, answer)) => text(answer, "/wrap_info/token"),
            other => panic!("POST {path}: {other:?}"),
        }
    }

    /// Mounts an engine, and waits until it serves.
    pub fn enable_engine(&self, mount: &str, kind: &str, options: &Value) {
        self.write(&format!("sys/mounts/{mount}"), &json!({ "type": kind, "options": options }));
        if options["version"] == "2" {
            // KV first makes itself one with versions, and answers 400 meanwhile.
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

/// The text at `pointer` of an answer.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn text(answer: &Value, pointer: &str) -> String {
    match answer.pointer(pointer).and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => panic!("no `{pointer}` in {answer}"),
    }
}
