//! A source's entry and its last failure on disk.

use std::io;

use crate::engine::world::{Disk, Draft, World};
use crate::folder::ReadError;
use crate::{Entry, Error, Failure, PlannedSource};

/// Room for an entry with a key and a renewal of the greatest usual length.
pub(super) const ROOM: u64 = 64 * 1024;

/// What is on disk of a source.
#[derive(Clone, Debug, Default)]
pub(super) struct Cached {
    /// The entry, if it can be read and the environment is the one it was made in.
    pub(super) entry: Option<Entry>,
    /// The last failure, if the environment is the one that it came of.
    pub(super) failure: Option<Failure>,
    /// Whether there is an entry that cannot be opened.
    pub(super) damaged: bool,
}

/// Reads what is on disk of `source`.
///
/// # Errors
/// Misconfigured, for a file that is not ours. What the disk refuses to read is as good as absent,
/// and `warn` is told.
pub(super) async fn load(
    world: &World<'_>,
    source: &PlannedSource,
    warn: &mut Vec<String>,
) -> Result<Cached, Error> {
    let mut cached = Cached::default();
    let file = source.id.entry_file(world.seal);
    if let Some(bytes) = read(world, &file, warn).await? {
        let entry = Entry::decode(&bytes, &source.id, world.seal);
        cached.damaged = entry.is_none();
        cached.entry =
            entry.filter(|entry| entry.environment.stands(&source.variables, world.variable));
    }
    let file = source.id.failure_file();
    let failure = read(world, &file, warn).await?.and_then(|bytes| Failure::decode(&bytes));
    cached.failure = failure.filter(|failure| failure.stands(&source.variables, world.variable));
    Ok(cached)
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

/// Writes `content` under the name `file`, so that after a crash at any step either the old or the
/// new content is there, whole: a name is given only to what is durable, and counts only once the
/// folder is durable too.
pub(super) async fn replace(
    disk: &dyn Disk,
    draft: Option<Box<dyn Draft>>,
    file: &str,
    content: &[u8],
) -> io::Result<()> {
    let mut draft = match draft {
        Some(draft) => draft,
        None => disk.draft(content.len() as u64).await?,
    };
    draft.write(content).await?;
    draft.sync().await?;
    draft.publish(file).await?;
    disk.sync_names().await
}
