//! A source's entry during a refresh, while its lock is held.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use api_key_helper_backend::redact;
use api_key_helper_cache::{Entry, EnvironmentMark, Validity};
use api_key_helper_values::{Error, Key, Secret};

use super::cache::{self, ROOM, publish, replace};
use super::remembered::Renewals;
use super::resolver::Resolver;
use super::source::Source;
use super::world::{Draft, World};

/// A source's entry while its lock is held: the entry on disk, and the changes of the attempts.
pub(super) struct Held<'a> {
    pub(super) world: World<'a>,
    pub(super) source: &'a Source,
    pub(super) inputs: Resolver<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entry: Option<Entry>,
    /// The renewal that is certainly on the disk. It is older than the entry's if the disk refused
    /// that one.
    on_disk: Option<Secret>,
    /// Reserved disk space, created before a request to a server.
    draft: Option<Box<dyn Draft>>,
    /// Set while a renewal is being written. Timeouts wait for that.
    is_keeping: bool,
}

impl<'a> Held<'a> {
    pub(super) fn new(
        world: World<'a>,
        source: &'a Source,
        inputs: Resolver<'a>,
        entry: Option<Entry>,
    ) -> Self {
        let on_disk = entry.as_ref().and_then(|entry| entry.renewal.clone());
        let state = State { entry, on_disk, ..State::default() };
        Self { world, source, inputs, state: Mutex::new(state) }
    }

    pub(super) fn renewal(&self) -> Option<Secret> {
        self.state().entry.as_ref()?.renewal.clone()
    }

    pub(super) fn entry(&self) -> Option<Entry> {
        self.state().entry.clone()
    }

    /// Removes the entry's key and the inputs from `error`, because a backend may quote them. Only
    /// the backend itself knows which parts of a renewal are secret.
    pub(super) fn redact(&self, error: Error) -> Error {
        let error = self.inputs.redact(error);
        let key = self.entry().and_then(|entry| entry.key).map(Key::into_secret);
        redact::in_error(error, &key)
    }

    /// Saves the result of a fetch. If the disk refuses it, the next attempt still uses it: the
    /// previous renewal is spent, and sending it again can end the sign-in.
    pub(super) async fn save(&self, entry: Entry) -> io::Result<()> {
        let draft = {
            let mut state = self.state();
            state.entry = Some(entry.clone());
            state.draft.take()
        };
        let nonce = self.world.chance.nonce()?;
        let content = entry.encode(&self.source.planned.id, self.world.seal, nonce);
        let file = self.source.planned.id.entry_file(self.world.seal);
        match draft {
            Some(draft) => publish(self.world.disk, draft, &file, &content).await?,
            None => replace(self.world.disk, &file, &content).await?,
        }
        self.state().on_disk = entry.renewal;
        Ok(())
    }

    /// The mark of the current environment.
    pub(super) fn environment(&self) -> EnvironmentMark {
        let salt = self.world.chance.salt();
        EnvironmentMark::new(salt, &self.source.planned.variables, self.world.variable)
    }

    /// Reserves disk space for an answer, once.
    pub(super) async fn reserve_space(&self) -> io::Result<()> {
        if self.state().draft.is_none() {
            let draft = self.world.disk.draft(ROOM).await?;
            self.state().draft = Some(draft);
        }
        Ok(())
    }

    /// Makes a new renewal durable.
    pub(super) async fn store_renewal(&self, renewal: &Secret) -> io::Result<()> {
        self.state().is_keeping = true;
        let kept = self.save(self.entry_with(renewal)).await;
        self.state().is_keeping = false;
        kept
    }

    /// Returns whether a renewal is being written.
    pub(super) fn is_keeping(&self) -> bool {
        self.state().is_keeping
    }

    /// Continues with the renewal that an earlier refresh of this call could not save, unless
    /// another process has replaced the one on the disk.
    pub(super) fn go_on_from(&self, unkept: Option<Renewals>) {
        if let Some(Renewals { newest, .. }) =
            unkept.filter(|unkept| unkept.on_disk == self.state().on_disk)
        {
            let entry = self.entry_with(&newest);
            self.state().entry = Some(entry);
        }
    }

    /// The newest renewal, if the disk refused it.
    pub(super) fn unkept(&self) -> Option<Renewals> {
        let state = self.state();
        let newest = state.entry.as_ref()?.renewal.clone()?;
        let on_disk = state.on_disk.clone();
        (on_disk.as_ref() != Some(&newest)).then_some(Renewals { on_disk, newest })
    }

    fn entry_with(&self, renewal: &Secret) -> Entry {
        match self.entry() {
            Some(entry) => Entry { renewal: Some(renewal.clone()), ..entry },
            None => Entry {
                key: None,
                key_since: self.world.clock.now(),
                refetched_at: None,
                validity: Validity {
                    fetched_at: self.world.clock.now(),
                    expires_at: None,
                    refresh_at: None,
                    jitter: 0.0,
                },
                renewal: Some(renewal.clone()),
                environment: self.environment(),
            },
        }
    }

    /// The renewal on the disk, if it is not ours. Our lock should prevent that, but some network
    /// file systems lose locks.
    pub(super) async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        // A file that cannot be read is not newer.
        let found = cache::load(&self.world, self.source, &mut Vec::new()).await?.entry;
        let renewal = found.as_ref().and_then(|entry| entry.renewal.clone());
        let mut state = self.state();
        let held = state.entry.as_ref().and_then(|entry| entry.renewal.as_ref());
        if renewal.is_none() || renewal.as_ref() == held || renewal == state.on_disk {
            return Ok(None);
        }
        state.on_disk.clone_from(&renewal);
        state.entry = found;
        Ok(renewal)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("source", &self.source.planned).finish_non_exhaustive()
    }
}
