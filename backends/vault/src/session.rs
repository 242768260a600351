//! One attempt: the settings, the connections, and what is kept for the next one.

use api_key_helper_backend::{Attempt, Credential};

use crate::client::Client;
use crate::config::Settings;
use crate::renewal::Renewal;

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) attempt: &'a dyn Attempt,
    pub(crate) client: Client<'a>,
    pub(crate) renewal: Renewal,
}

impl<'a> Session<'a> {
    pub(crate) fn new(settings: &'a Settings, attempt: &'a dyn Attempt) -> Self {
        let client = Client::new(&settings.connection, attempt);
        Self { settings, attempt, client, renewal: Renewal::read(attempt.renewal()) }
    }

    /// Makes the renewal durable. An error of the disk does not fail the fetch: the engine reports
    /// it when it saves.
    pub(crate) async fn store(&self) {
        let _ = self.attempt.store_renewal(&self.renewal.to_secret()).await;
    }

    /// Says where a token or a lease comes from that has just been got.
    pub(crate) fn mark_origin(&mut self) {
        self.renewal.origin = Some(self.settings.connection.origin());
    }

    /// `credential` with what the next attempt needs.
    pub(crate) fn finish(&self, mut credential: Credential) -> Credential {
        if !self.renewal.is_empty() || self.attempt.renewal().is_some() {
            credential.renewal = Some(self.renewal.to_secret());
        }
        credential
    }
}
