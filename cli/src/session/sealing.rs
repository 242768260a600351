//! What a run of the worker does about the sealing key.

use std::io;

use api_key_helper_cache::{Entry, EntryId, Seal, SealSetting, SealingKey, housekeeping};
use api_key_helper_core::{Source, seal_anew};
use api_key_helper_system::{Places, ReadError, advice};
use api_key_helper_values::{Error, Hint};

use super::Session;
use crate::seal::{Home, Homes, InUse, Reason};
use crate::session::nowhere::Nowhere;

impl Session {
    /// Who has just named the file as the sealing key's home has entries that the store's key
    /// sealed. It is asked for that key only while there are any.
    pub(super) async fn open_what_was_moved(&mut self) {
        if self.homes.setting() != SealSetting::File {
            return;
        }
        let ids: Vec<EntryId> =
            self.all_sources().iter().map(|source| source.planned.id.clone()).collect();
        let is_moved = ids.iter().any(|id| {
            let is_here = |seal: &dyn Seal| self.folder.path().join(id.entry_file(seal)).exists();
            !is_here(self.seals().0) && !self.unopened(id).is_empty()
        });
        if is_moved && let Ok(in_use) = &mut self.seal {
            self.homes.add_stored(in_use).await;
        }
    }

    /// Makes a new sealing key, which is the one in use from here on.
    ///
    /// # Errors
    /// When its home refuses. Then the old one is.
    pub(crate) async fn rotate_seal(
        &mut self,
        home: &Home,
        is_used: impl Fn(&SealingKey) -> bool,
    ) -> Result<(), Error> {
        self.homes.rotate(home, is_used).await?;
        self.seal = find_seal(&self.homes, &self.places).await?;
        Ok(())
    }

    /// What seals, and what only opens.
    pub(crate) fn seals(&self) -> (&dyn Seal, &[SealingKey]) {
        match &self.seal {
            Ok(in_use) => (in_use.current(), in_use.older()),
            Err(nowhere) => (nowhere, &[]),
        }
    }

    /// The names of all entries in the state folder.
    ///
    /// # Errors
    /// When it cannot be listed: its entries must not be taken for gone.
    pub(crate) fn entry_files(&self) -> Result<Vec<String>, Error> {
        self.listed(housekeeping::entry_files(&self.folder))
    }

    /// What was listed of the state folder; nothing, where the environment names none.
    pub(super) fn listed(&self, names: io::Result<Vec<String>>) -> Result<Vec<String>, Error> {
        if self.places.is_homeless() {
            return Ok(Vec::new());
        }
        names.map_err(|error| {
            let shown = self.folder.path().display();
            Error::transient(format!("cannot list the state folder `{shown}`: {error}"))
                .with_hint(format!("look at it with `{}`", advice::look_at(self.folder.path())))
        })
    }

    /// The files of a source's entries that none of our keys sealed.
    pub(crate) fn unopened(&self, id: &EntryId) -> Vec<String> {
        let (seal, older) = self.seals();
        let mut names = housekeeping::entry_files(&self.folder).unwrap_or_default();
        names.retain(|name| {
            id.has_entry_file(name)
                && *name != id.entry_file(seal)
                && older.iter().all(|key| *name != id.entry_file(key))
        });
        names
    }

    /// What lies in the state folder of a source's entry, and whether it can be opened.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn entry(&self, id: &EntryId) -> Result<Option<Option<Entry>>, ReadError> {
        let (seal, older) = self.seals();
        let seals = std::iter::once(seal).chain(older.iter().map(|key| key as &dyn Seal));
        for seal in seals {
            if let Some(bytes) = self.folder.read(&id.entry_file(seal))? {
                return Ok(Some(Entry::decode(&bytes, id, seal)));
            }
        }
        Ok(None)
    }

    /// What is cached of `source`, whatever the environment was.
    pub(crate) fn cached(&self, source: &Source) -> Option<Entry> {
        self.entry(&source.planned.id).ok()?.flatten()
    }

    /// What spares a human the login: a store that is locked holds the key to one that was made
    /// before.
    pub(super) fn rather_unlock(&self) -> Option<Hint> {
        let Reason::InsteadOfStore(why) = &self.seal.as_ref().ok()?.reason else { return None };
        let is_sealed = |source: &&Source| !self.unopened(&source.planned.id).is_empty();
        self.all_sources().iter().any(is_sealed).then(|| {
            Hint::new(format!(
                "a sign-in is there that another key sealed, and {why}: unlock that, \
                 rather than sign in again, and run"
            ))
            .with_command(["seal"])
        })
    }

    /// Seals the entry of `id` anew, if one of the older keys sealed it, and says whether one did.
    ///
    /// # Errors
    /// When somebody goes on refreshing the source, or the disk refuses.
    pub(crate) async fn seal_anew(&self, id: &EntryId) -> Result<bool, Error> {
        self.in_world(async |world| seal_anew(world, id).await).await
    }
}

/// The sealing keys in use, or why nothing can be sealed.
pub(super) async fn find_seal(
    homes: &Homes,
    places: &Places,
) -> Result<Result<InUse, Nowhere>, Error> {
    match homes.in_use().await {
        Ok(in_use) => Ok(Ok(in_use)),
        Err(ReadError::Refused(error)) => Err(error),
        Err(ReadError::Io(_)) if places.is_keyless() => {
            let [own, home] = Places::KEY_VARIABLES;
            let unset = format!("neither `{own}` nor `{home}` is set to an absolute path");
            Ok(Err(Nowhere { reason: format!("no sealing key can be kept: {unset}") }))
        }
        Err(ReadError::Io(error)) => {
            let folder = homes.folder().display();
            let reason = format!("no sealing key can be kept in `{folder}`: {error}");
            Ok(Err(Nowhere { reason }))
        }
    }
}
