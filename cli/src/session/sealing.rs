//! The session's sealing keys and sealed entries.

use std::io;

use api_key_helper_cache::{Entry, EntryId, Seal, SealSetting, SealingKey, housekeeping};
use api_key_helper_core::{Source, seal_anew};
use api_key_helper_system::{Places, ReadError, advice};
use api_key_helper_values::{Error, Hint};

use super::Session;
use crate::seal::{Home, Homes, InUse, Reason};
use crate::session::nowhere::Nowhere;

impl Session {
    /// Opens entries sealed by the store's key, for a user who has just set `seal = "file"`. The
    /// store is asked only while there are such entries.
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

    /// Creates a new sealing key and uses it from here on. On failure the old key stays in use.
    pub(crate) async fn rotate_seal(
        &mut self,
        home: &Home,
        is_used: impl Fn(&SealingKey) -> bool,
    ) -> Result<(), Error> {
        self.homes.rotate(home, is_used).await?;
        self.seal = find_seal(&self.homes, &self.places).await?;
        Ok(())
    }

    /// The key that seals, and the keys that only open.
    pub(crate) fn seals(&self) -> (&dyn Seal, &[SealingKey]) {
        match &self.seal {
            Ok(in_use) => (in_use.current(), in_use.older()),
            Err(nowhere) => (nowhere, &[]),
        }
    }

    /// The names of all entries in the state folder. Fails if it cannot be listed: unlisted entries
    /// must not count as gone.
    pub(crate) fn entry_files(&self) -> Result<Vec<String>, Error> {
        self.listed(housekeeping::entry_files(&self.folder))
    }

    /// Returns `names`, or none if the environment names no state folder.
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

    /// The entry of a source: `None` if there is none, `Some(None)` if it cannot be opened.
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

    /// The cached entry of `source`, without regard to the environment.
    pub(crate) fn cached(&self, source: &Source) -> Option<Entry> {
        self.entry(&source.planned.id).ok()?.flatten()
    }

    /// The hint that saves the user a login: a locked store may hold the key to an earlier sign-in.
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

    /// Seals the entry of `id` with the current key, if an older key sealed it. Returns whether one
    /// did. Fails if another process keeps refreshing the source, or if the disk fails.
    pub(crate) async fn seal_anew(&self, id: &EntryId) -> Result<bool, Error> {
        self.in_world(async |world| seal_anew(world, id).await).await
    }
}

/// Returns the sealing keys in use, or the null disk with the reason.
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
