//! A server that wants a key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::stub::Request;
use super::{Reply, Stub};

/// A server on loopback that serves requests with a key that it accepts.
#[derive(Debug)]
pub struct ProtectedServer {
    stub: Stub,
    check: Arc<Mutex<KeyCheck>>,
}

impl ProtectedServer {
    /// One that takes every key so far. `key` finds the key of a request; a request without one, or
    /// with one that is not taken, gets `refusal`.
    #[must_use]
    pub fn start(
        key: fn(&Request) -> Option<String>,
        refusal: Reply,
        serve: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let check = Arc::new(Mutex::new(KeyCheck::default()));
        let shared = Arc::clone(&check);
        let stub = Stub::start(move |request| match key(request) {
            Some(key) if lock(&shared).accepts(&key) => serve(request),
            _ => refusal.clone(),
        });
        Self { stub, check }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.stub.address()
    }

    /// From now on it takes these keys and no others.
    pub fn accept_only(&self, keys: &[&str]) {
        lock(&self.check).accepted = Some(keys.iter().copied().map(str::to_owned).collect());
    }

    /// The keys that it took so far, each once for as long as no other came between.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        lock(&self.check).taken.clone()
    }

    /// The same of the keys that it refused.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        lock(&self.check).refused.clone()
    }
}

/// The key after `Bearer`.
#[must_use]
pub fn bearer(request: &Request) -> Option<String> {
    request.header("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
}

/// The password of `Basic`, which must be that of the user `user`.
#[must_use]
pub fn password_of(user: &str, request: &Request) -> Option<String> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    decoded.strip_prefix(user)?.strip_prefix(':').map(str::to_owned)
}

#[derive(Debug, Default)]
struct KeyCheck {
    accepted: Option<Vec<String>>,
    taken: Vec<String>,
    refused: Vec<String>,
}

impl KeyCheck {
    fn accepts(&mut self, key: &str) -> bool {
        let accepted = self.accepted.as_ref();
        let is_taken = accepted.is_none_or(|keys| keys.iter().any(|accepted| accepted == key));
        let list = if is_taken { &mut self.taken } else { &mut self.refused };
        if list.last().is_none_or(|last| last != key) {
            list.push(key.to_owned());
        }
        is_taken
    }
}

/// A test that fails still wants to see what was asked.
fn lock(check: &Mutex<KeyCheck>) -> MutexGuard<'_, KeyCheck> {
    check.lock().unwrap_or_else(PoisonError::into_inner)
}
