//! A server with authentication.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::stub::Request;
use super::{Reply, Stub};

/// A server on loopback that accepts requests with a valid key.
#[derive(Debug)]
pub struct ProtectedServer {
    stub: Stub,
    check: Arc<Mutex<KeyCheck>>,
}

impl ProtectedServer {
    /// Starts a server that accepts every key for now. `key` finds the key of a request; a request
    /// without a valid one gets `refusal`.
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

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.stub.address()
    }

    /// Accepts only these keys from now on.
    pub fn accept_only(&self, keys: &[&str]) {
        lock(&self.check).accepted = Some(keys.iter().copied().map(str::to_owned).collect());
    }

    /// Returns the accepted keys so far, without repetitions in a row.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        lock(&self.check).taken.clone()
    }

    /// Returns the refused keys so far, without repetitions in a row.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        lock(&self.check).refused.clone()
    }
}

/// Returns the token after `Bearer`.
#[must_use]
pub fn bearer(request: &Request) -> Option<String> {
    request.header("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
}

/// Returns the password of `Basic`, if the user is `user`.
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

/// A failed test still needs the recorded requests.
fn lock(check: &Mutex<KeyCheck>) -> MutexGuard<'_, KeyCheck> {
    check.lock().unwrap_or_else(PoisonError::into_inner)
}
