//! What a call knows of a source whose lock it has.

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

/// A source's entry while its lock is held: what is on disk, and what the attempts make of it.
pub(super) struct Held<'a> {
    pub(super) world: World<'a>,
    pub(super) source: &'a Source,
    pub(super) inputs: Resolver<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entry: Option<Entry>,
    /// The renewal that we know to be on the disk: an older one than the entry's, where the disk has
    /// refused that.
    on_disk: Option<Secret>,
    /// Room on the disk, set apart before a server was asked for anything.
    draft: Option<Box<dyn Draft>>,
    /// Whether a renewal is being written: time-outs wait for that.
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

    /// The renewal of the entry.
    pub(super) fn renewal(&self) -> Option<Secret> {
        self.state().entry.as_ref()?.renewal.clone()
    }

    pub(super) fn entry(&self) -> Option<Entry> {
        self.state().entry.clone()
    }

    /// `error` without the key of the entry and the inputs, which a backend may quote. The renewal is the
    /// backend's own: only it knows what in there is secret.
    pub(super) fn redact(&self, error: Error) -> Error {
        let error = self.inputs.redact(error);
        let key = self.entry().and_then(|entry| entry.key).map(Key::into_secret);
        redact::in_error(error, &key)
    }

    /// Saves what a fetch brought. Where the disk refuses it, the next attempt works with it all the
    /// same: the renewal before it is spent, and to send it again can end the login.
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

    /// The mark of the present environment.
    pub(super) fn environment(&self) -> EnvironmentMark {
        let salt = self.world.chance.salt();
        EnvironmentMark::new(salt, &self.source.planned.variables, self.world.variable)
    }

    /// Sets room apart for what an answer may bring, if that was not done yet.
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

    /// Whether a renewal is being written just now.
    pub(super) fn is_keeping(&self) -> bool {
        self.state().is_keeping
    }

    /// Works with the renewal that an earlier refresh of this call could not keep, unless somebody has
    /// replaced the one on the disk since.
    pub(super) fn go_on_from(&self, unkept: Option<Renewals>) {
        if let Some(Renewals { newest, .. }) =
            unkept.filter(|unkept| unkept.on_disk == self.state().on_disk)
        {
            let entry = self.entry_with(&newest);
            self.state().entry = Some(entry);
        }
    }

    /// The newest renewal, when the disk has refused it.
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

    /// The renewal on the disk, when it is not the one that we hold. Our lock should forbid that; but
    /// not every network's file system keeps its locks.
    pub(super) async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        // What cannot be read now is not newer.
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
