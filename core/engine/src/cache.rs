//! A source's entry and its last failure on disk.

use std::io;

use api_key_helper_cache::{Entry, EntryId, Failure, Seal, SealingKey};
use api_key_helper_system::ReadError;
use api_key_helper_values::{Error, Moment};

use super::source::Source;
use super::world::{Disk, Draft, World};

/// Space for an entry whose key and renewal are as long as they usually get.
pub(super) const ROOM: u64 = 64 * 1024;

/// The state of a source on disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Cached {
    /// The entry, if it can be read. Its key is present only if the variables still have the values
    /// that it was fetched with. A sign-in survives a change of them.
    pub(super) entry: Option<Entry>,
    /// The last failure, if it happened in this environment.
    pub(super) failure: Option<Failure>,
    /// Set if there is an entry that cannot be opened.
    pub(super) damaged: bool,
}

/// Reads the state of `source`. Without an entry of the current key, an entry of an older key is
/// used.
///
/// A file that is not ours is an error. A file that cannot be read counts as absent, with a warning
/// in `warn`.
pub(super) async fn load(
    world: &World<'_>,
    source: &Source,
    warn: &mut Vec<String>,
) -> Result<Cached, Error> {
    let mut cached = Cached::default();
    let (source, is_signed_in_to) = (&source.planned, source.backend.has_login());
    let file = source.id.entry_file(world.seal);
    let bytes = read(world, &file, warn).await?;
    let is_there = bytes.is_some();
    let mut entry = bytes.and_then(|bytes| Entry::decode(&bytes, &source.id, world.seal));
    cached.damaged = is_there && entry.is_none();
    if entry.is_none() {
        let older = older(world, &source.id, warn).await?;
        entry = older.into_iter().map(|(_, entry)| entry).max_by_key(future);
    }
    cached.entry = entry.and_then(|entry| {
        if entry.environment.stands(&source.variables, world.variable) {
            return Some(entry);
        }
        // A variable with a credential has changed, so the key may be another one now. A sign-in
        // does not depend on it, but other renewals were obtained with it.
        (is_signed_in_to && entry.renewal.is_some()).then_some(Entry { key: None, ..entry })
    });
    let file = source.id.failure_file();
    let failure = read(world, &file, warn).await?.and_then(|bytes| Failure::decode(&bytes));
    cached.failure = failure.filter(|failure| failure.stands(&source.variables, world.variable));
    Ok(cached)
}

/// Seals entries of older keys with the current key. Returns whether there were any. The source's
/// lock must be held.
///
/// The new file is durable before an old one is removed, so a crash leaves at least one. Of several
/// entries, the one with the better future is kept. An entry that cannot be opened stays, because
/// another machine may share this folder. Disk errors become warnings in `warn`, and the next call
/// tries again.
pub(super) async fn seal_anew(
    world: &World<'_>,
    id: &EntryId,
    warn: &mut Vec<String>,
) -> Result<bool, Error> {
    let older = older(world, id, warn).await?;
    if older.is_empty() {
        return Ok(false);
    }
    let file = id.entry_file(world.seal);
    let present = read(world, &file, warn).await?;
    if let Some(bytes) = &present
        && Entry::decode(bytes, id, world.seal).is_none()
    {
        // The next fetch sets it aside first.
        return Ok(false);
    }
    let present = present.and_then(|bytes| Entry::decode(&bytes, id, world.seal));
    let all = older.iter().map(|(_, entry)| entry).chain(&present);
    let best = all.max_by_key(|entry| future(entry));
    let is_sealed = match best.filter(|best| present.as_ref() != Some(*best)) {
        Some(best) => seal(world, id, best).await,
        None => Ok(()),
    };
    let mut done = is_sealed;
    for (key, _) in older {
        if done.is_ok() {
            done = world.disk.remove(&id.entry_file(key)).await;
        }
    }
    if let Err(error) = &done {
        warn.push(format!("`{file}` cannot be sealed anew: {error}"));
    }
    Ok(done.is_ok())
}

/// The entry sealed by the current key, for any environment.
pub(super) async fn entry(
    world: &World<'_>,
    id: &EntryId,
    warn: &mut Vec<String>,
) -> Result<Option<Entry>, Error> {
    let bytes = read(world, &id.entry_file(world.seal), warn).await?;
    Ok(bytes.and_then(|bytes| Entry::decode(&bytes, id, world.seal)))
}

/// All entries of one identity that our keys open, for any environment.
#[derive(Debug, Default)]
pub(super) struct All {
    /// More than one if an older key's entry could not be sealed again.
    pub(super) entries: Vec<Entry>,
    /// Set if an entry cannot be opened.
    pub(super) has_damaged: bool,
}

pub(super) async fn all(
    world: &World<'_>,
    id: &EntryId,
    warn: &mut Vec<String>,
) -> Result<All, Error> {
    let mut all = All::default();
    let keys = world.older.iter().map(|key| key as &dyn Seal);
    for key in std::iter::once(world.seal).chain(keys) {
        let Some(bytes) = read(world, &id.entry_file(key), warn).await? else { continue };
        match Entry::decode(&bytes, id, key) {
            // A duplicate, left by a process that was killed after sealing it again.
            Some(entry) if all.entries.iter().any(|known| known.renewal == entry.renewal) => {}
            Some(entry) => all.entries.push(entry),
            None => all.has_damaged = true,
        }
    }
    Ok(all)
}

/// Sets aside an entry that cannot be opened.
pub(super) async fn set_aside(world: &World<'_>, id: &EntryId, warn: &mut Vec<String>) {
    let file = id.entry_file(world.seal);
    if let Err(error) = world.disk.set_aside(&file).await {
        warn.push(format!("cannot set the unreadable `{file}` aside: {error}"));
    }
}

/// Writes a source's entry. Its lock must be held.
pub(super) async fn seal(world: &World<'_>, id: &EntryId, entry: &Entry) -> io::Result<()> {
    let content = entry.encode(id, world.seal, world.chance.nonce()?);
    replace(world.disk, &id.entry_file(world.seal), &content).await
}

/// The order in which entries are kept: one that saves the user a login, then the one fetched last.
fn future(entry: &Entry) -> (bool, Moment) {
    (entry.renewal.is_some(), entry.validity.fetched_at)
}

/// The entries of older keys that still open, the newest key first.
async fn older<'w>(
    world: &World<'w>,
    id: &EntryId,
    warn: &mut Vec<String>,
) -> Result<Vec<(&'w SealingKey, Entry)>, Error> {
    let mut found = Vec::new();
    for key in world.older {
        let bytes = read(world, &id.entry_file(key), warn).await?;
        found.extend(bytes.and_then(|bytes| Some((key, Entry::decode(&bytes, id, key)?))));
    }
    Ok(found)
}

async fn read(
    world: &World<'_>,
    file: &str,
    warn: &mut Vec<String>,
) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, Error> {
    match world.disk.read(file).await {
        Ok(content) => Ok(content),
        Err(ReadError::Refused(error)) => Err(error),
        Err(ReadError::Io(error)) => {
            let warning = format!("cannot read `{file}`: {error}");
            if !warn.contains(&warning) {
                warn.push(warning);
            }
            Ok(None)
        }
    }
}

/// Replaces a file of the state folder. After a crash at any step, either the old or the new
/// content is there, complete.
///
/// # Errors
/// When the disk refuses.
pub async fn replace(disk: &dyn Disk, file: &str, content: &[u8]) -> io::Result<()> {
    let draft = disk.draft(content.len() as u64).await?;
    publish(disk, draft, file, content).await
}

/// Writes `content` under the name `file`. The content is durable before it gets the name, and the
/// folder is synced afterwards.
pub(super) async fn publish(
    disk: &dyn Disk,
    mut draft: Box<dyn Draft>,
    file: &str,
    content: &[u8],
) -> io::Result<()> {
    draft.write(content).await?;
    draft.sync().await?;
    draft.publish(file).await?;
    disk.sync_names().await
}
