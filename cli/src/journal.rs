//! The refresh log: one JSON line for each refresh, never with a key.

use api_key_helper_backend::text::rfc3339;
use api_key_helper_core::{Event, Journal};
use api_key_helper_system::StateFolder;
use api_key_helper_values::{Error, Key, hex, visible_json};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub(crate) const LOG: &str = "refresh.log";
/// The previous log, kept when a new one is started.
pub(crate) const OLD_LOG: &str = "refresh.log.1";
const LOG_LIMIT: u64 = 1 << 20;
/// The file with the HMAC key for key hashes. Without it, a hash could be tested against a guess.
const HASH_KEY: &str = "refresh.log.key";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// RFC 3339.
    pub(crate) time: String,
    pub(crate) profile: String,
    pub(crate) source: String,
    /// `refreshed`, or the kind of the failure.
    pub(crate) outcome: String,
    pub(crate) duration_ms: u64,
    pub(crate) attempts: u32,
    /// Shows only whether two lines are about the same key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_hash: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

pub(crate) struct LogFile<'a> {
    pub(crate) folder: &'a StateFolder,
}

impl Journal for LogFile<'_> {
    fn record(&self, event: &Event<'_>) {
        let line = Line {
            time: rfc3339(event.at),
            profile: event.profile.to_owned(),
            source: event.source.to_owned(),
            outcome: match event.outcome {
                Ok(_) => "refreshed".to_owned(),
                Err(error) => error.kind().name().to_owned(),
            },
            duration_ms: u64::try_from(event.duration.as_millis()).unwrap_or(u64::MAX),
            attempts: event.attempts,
            key_hash: event.outcome.ok().and_then(|(key, _)| self.hash(key)),
            expires_at: event.outcome.ok().and_then(|(_, expires_at)| expires_at).map(rfc3339),
            message: event.outcome.err().map(Error::short_text),
        };
        if let Ok(line) = serde_json::to_string(&line) {
            let line = visible_json(line) + "\n";
            // Logging never fails a fetch.
            let _ = self.folder.append(LOG, OLD_LOG, line.as_bytes(), LOG_LIMIT);
        }
    }
}

impl LogFile<'_> {
    fn hash(&self, key: &Key) -> Option<String> {
        let hash_key = self.folder.made_once(HASH_KEY, || {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map(|()| bytes.to_vec().into()).map_err(Into::into)
        });
        let mut mac = Hmac::<Sha256>::new_from_slice(&hash_key.ok()?).ok()?;
        mac.update(key.expose().as_bytes());
        Some(hex(&mac.finalize().into_bytes()[..8]))
    }
}
