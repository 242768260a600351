//! An API that answers `pong`, and accepts only some keys.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use super::message::Message;
use crate::servers::stub::Request;
use crate::servers::{Reply, Stub};
use crate::wait;

/// Anthropic's Messages API on loopback, as far as the client needs it.
#[derive(Debug)]
pub struct MessagesApi {
    stub: Stub,
    state: Arc<Mutex<State>>,
}

/// The status with which a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 403: the key lacks a permission.
    Forbidden,
    /// 401: the key is unknown.
    Unauthorized,
}

impl MessagesApi {
    /// Returns an API that accepts every key for now, and later refuses keys with this status.
    #[must_use]
    pub fn refusing_with(refusal: Refusal) -> Self {
        let state = State {
            accepted: None,
            refusal,
            tool_use: None,
            answered: Vec::new(),
            first_refusal: None,
            outputs: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        Self { stub: Stub::start(move |request| lock(&shared).reply(request)), state }
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.stub.address()
    }

    /// Accepts only these keys from now on.
    pub fn accept_only(&self, keys: &[&str]) {
        lock(&self.state).accepted = Some(keys.iter().copied().map(str::to_owned).collect());
    }

    /// Makes the next response ask the agent to run a shell command.
    pub fn ask_for_command(&self, command: &str) {
        self.ask_for_tool("Bash", json!({ "command": command }));
    }

    /// Makes the next response ask the agent to use the tool of that name.
    pub fn ask_for_tool(&self, name: &str, input: Value) {
        lock(&self.state).tool_use = Some((name.to_owned(), input));
    }

    /// Returns the key of each request so far, and the status of the response.
    #[must_use]
    pub fn answered(&self) -> Vec<(String, u16)> {
        lock(&self.state).answered.clone()
    }

    /// Returns the moment at which the first key was refused.
    ///
    /// # Panics
    /// No key was refused.
    #[must_use]
    pub fn first_refusal(&self) -> Instant {
        lock(&self.state).first_refusal.expect("a key that was refused")
    }

    /// Returns the output of the agent's tools so far; for a command, its stdout.
    #[must_use]
    pub fn outputs(&self) -> Vec<String> {
        lock(&self.state).outputs.clone()
    }
}

/// A failed test still needs the recorded requests.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of the API.
#[derive(Debug)]
struct State {
    accepted: Option<Vec<String>>,
    refusal: Refusal,
    tool_use: Option<(String, Value)>,
    answered: Vec<(String, u16)>,
    first_refusal: Option<Instant>,
    outputs: Vec<String>,
}

impl State {
    fn reply(&mut self, request: &Request) -> Reply {
        if !request.line.starts_with("POST /v1/messages?") {
            return error(404, "not_found_error");
        }
        let key = key(request);
        let (status, reply) = if self.accepts(&key) {
            (200, self.message(request))
        } else {
            self.first_refusal.get_or_insert_with(wait::now);
            self.refusal.reply()
        };
        self.answered.push((key, status));
        reply
    }

    fn accepts(&self, key: &str) -> bool {
        // The client sends an empty key when its helper has failed.
        !key.is_empty()
            && self.accepted.as_ref().is_none_or(|keys| keys.iter().any(|accepted| accepted == key))
    }

    fn message(&mut self, request: &Request) -> Reply {
        let asked: Value = serde_json::from_str(request.body()).expect("a body of JSON");
        let last = asked["messages"].as_array().and_then(|messages| messages.last());
        let content = last.and_then(|message| message["content"].as_array());
        for block in content.into_iter().flatten() {
            if block["type"] == "tool_result" {
                self.outputs.push(text(&block["content"]));
            }
        }
        let message = match self.tool_use.take() {
            Some((name, input)) => Message::tool_use(&name, &input),
            None => Message::text("pong"),
        };
        let model = &asked["model"];
        if asked["stream"] == true {
            Reply::new(200, &["Content-Type: text/event-stream"], &message.events(model))
        } else {
            Reply::json(200, &message.whole(model))
        }
    }
}

impl Refusal {
    fn reply(self) -> (u16, Reply) {
        let (status, kind) = match self {
            Self::Forbidden => (403, "permission_error"),
            Self::Unauthorized => (401, "authentication_error"),
        };
        (status, error(status, kind))
    }
}

fn error(status: u16, kind: &str) -> Reply {
    Reply::json(status, &json!({ "type": "error", "error": { "type": kind, "message": "no" } }))
}

/// Returns the text of a content, which is a string or a list of blocks.
fn text(content: &Value) -> String {
    let blocks = content.as_array().into_iter().flatten();
    let texts =
        content.as_str().into_iter().chain(blocks.filter_map(|block| block["text"].as_str()));
    texts.collect()
}

/// Returns the key of a request, which is in two headers; both, if they differ.
fn key(request: &Request) -> String {
    let key = request.header("x-api-key").unwrap_or_default();
    let bearer = request.header("authorization").unwrap_or_default();
    // Without a key, nothing follows the scheme.
    match bearer.strip_prefix("Bearer").map(str::trim_start) {
        Some(same) if same == key => key.to_owned(),
        _ => format!("x-api-key: {key}, authorization: {bearer}"),
    }
}
