//! The requests of a helper: a login, whose token lasts for the morning, and a read.

use std::sync::Arc;
use std::time::Duration;

use api_key_helper_backend::{Attempt, Backend, Credential};
use api_key_helper_core::Source;
use api_key_helper_values::{Error, Key, Secret};
use async_trait::async_trait;

use super::machine::Machine;

/// Returns the source, with the defaults of `docs/configuration.md`.
pub(super) fn source(machine: &Machine) -> Source {
    Source {
        planned: machine.settings.planned.clone(),
        backend_name: "vault".to_owned(),
        backend: Arc::new(Client { machine: machine.clone() }),
        timeout: Duration::from_secs(10),
        retries: 3,
        lifetime: None,
        uses: Vec::new(),
    }
}

/// The default of `deadline`.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Client {
    machine: Machine,
}

#[async_trait]
impl Backend for Client {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        if attempt.renewal().is_none() {
            self.ask().await?;
            attempt.store_renewal(&Secret::from("token")).await?;
        }
        self.ask().await?;
        Ok(Credential::new(key()?))
    }
}

impl Client {
    /// Sends one request, and waits for the response.
    async fn ask(&self) -> Result<(), Error> {
        self.travel().await;
        let answer = {
            let site = &mut *self.machine.see();
            site.vault.answers(site.now, &mut site.tally)
        };
        self.travel().await;
        answer
    }

    async fn travel(&self) {
        let time = SHORTEST_WAY + (LONGEST_WAY - SHORTEST_WAY).mul_f64(self.machine.chance());
        self.machine.wait(time).await;
    }
}

/// Returns the key that all users share.
pub(super) fn key() -> Result<Key, Error> {
    Key::parse("key").map_err(|error| Error::transient(error.to_string()))
}

const SHORTEST_WAY: Duration = Duration::from_millis(2);
const LONGEST_WAY: Duration = Duration::from_millis(20);
