//! How a key is replaced: single-flight, attempts, fallback, and what is remembered of failures.

mod asking;
mod attempt;
mod backoff;
mod cache;
mod fallback;
mod held;
mod login;
mod refresh;
mod remembered;
mod resolver;
mod server_time;
mod verdict;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use login::{LoggedIn, forget, forget_key, login, logout, seal_anew};
pub use resolver::policy_of_used;
pub use server_time::{ServerTime, server_time};
pub use world::{Chance, Clock, Disk, Draft, Event, Inputs, Journal, Lock, World};

use self::refresh::Refresh;
use self::remembered::Remembered;
use crate::folder::ReadError;
use crate::hit::{Hit, Lookup, look};
use crate::{Backend, Error, Key, KeyId, Moment, PlannedSource, Policy, Validity};

/// A source that can be asked.
#[derive(Clone, Debug)]
pub struct Source {
    /// The source's identity, as the front knows it. Its variables are also those of the sources that
    /// it uses.
    pub planned: PlannedSource,
    /// The name of its backend.
    pub backend_name: String,
    /// Who asks.
    pub backend: Arc<dyn Backend>,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// Attempts after the first one.
    pub retries: u32,
    /// How long a key lives whose answer does not say.
    pub lifetime: Option<Duration>,
    /// The sources whose keys are secret inputs of this one. They are refreshed when it asks for them,
    /// with their own entries, locks, failure memories and attempts.
    pub uses: Vec<Arc<Self>>,
}

/// What one caller wants.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// When a key may be printed.
    pub policy: &'a Policy,
    /// How long the caller goes on using it.
    pub hold: Duration,
    /// The longest time of the call.
    pub deadline: Duration,
    /// Which keys will do.
    pub demand: Demand,
    /// The sources that are being fetched by whoever called us, outermost first, between commas.
    pub chain: &'a str,
}

impl Call<'_> {
    /// The same for one of the sources: a key that the API refuses is only one source's.
    fn of(&self, source: &Source) -> Self {
        match self.demand {
            Demand::Another(key) | Demand::Unspent(key)
                if key.source != source.planned.id.fingerprint =>
            {
                Self { demand: Demand::Printable, ..*self }
            }
            _ => *self,
        }
    }
}

/// Which cached keys will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// One that may be printed and is another one than this, which the API refuses; or this one, if
    /// its source gave it again, even if that was for somebody else a moment ago.
    Another(KeyId),
    /// One that was fetched since then: somebody asked for a new one.
    FetchedSince(Moment),
    /// One that is fresh: we work behind an answer that has been given.
    Fresh,
    /// One that may be printed.
    Printable,
    /// One that may be printed and is another one than this, which was good for one use.
    Unspent(KeyId),
}

/// The end of a call.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The key, or the error to show.
    pub answer: Result<Answer, Error>,
    /// What else the person should know.
    pub warnings: Vec<String>,
}

/// A key, and what there is to do behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The key.
    pub key: Key,
    /// Which key it is.
    pub key_id: KeyId,
    /// The name of the source that it comes from.
    pub source: String,
    /// Whether that source was asked for it by this call.
    pub is_new: bool,
    /// What is known of the key's time.
    pub validity: Validity,
    /// Whether a source wants to be asked behind the answer.
    pub refresh: bool,
}

/// Replaces a file of the state folder, so that after a crash at any step either the old or the new
/// content is there, whole.
///
/// # Errors
/// When the disk refuses.
pub async fn replace(disk: &dyn Disk, file: &str, content: &[u8]) -> io::Result<()> {
    cache::replace(disk, None, file, content).await
}

/// Answers `call` from `sources`, in order of preference.
pub async fn get(world: World<'_>, sources: &[Source], call: &Call<'_>) -> Outcome {
    let mut warnings = Vec::new();
    let answer = answer(world, sources, call, &mut warnings).await;
    Outcome { answer, warnings }
}

async fn answer(
    world: World<'_>,
    sources: &[Source],
    call: &Call<'_>,
    warnings: &mut Vec<String>,
) -> Result<Answer, Error> {
    if call.demand == Demand::Printable
        && let Some(answer) = at_once(world, sources, call).await?
    {
        return Ok(answer);
    }
    let ends_at = world.clock.uptime().saturating_add(call.deadline);
    let mut first = None;
    let mut first_asked = None;
    let remembered = Remembered::default();
    for (index, source) in sources.iter().enumerate() {
        let time_left = ends_at.saturating_sub(world.clock.uptime());
        let sources_left = u32::try_from(sources.len() - index).unwrap_or(u32::MAX);
        let call = call.of(source);
        let time = time_left / sources_left;
        let refresh = Refresh::new(world, source, &call, &remembered, time);
        let failed = match refresh.followed_by(sources_left - 1).run(warnings).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let stops = !failed.error.kind().asks_next_source();
        let slot = if failed.in_pause { &mut first } else { &mut first_asked };
        slot.get_or_insert(failed.error);
        if stops {
            break;
        }
    }
    Err(first_asked.or(first).unwrap_or_else(|| {
        Error::misconfigured(format!("profile `{}` has no source", call.profile))
            .with_hint("name at least one in its `sources`")
    }))
}

/// The answer to a call that any printable key will do for, if that is on disk.
///
/// # Errors
/// Misconfigured, for a file that is not ours.
pub async fn at_once(
    world: World<'_>,
    sources: &[Source],
    call: &Call<'_>,
) -> Result<Option<Answer>, Error> {
    let found = hit(world, sources, call).await?;
    Ok(found.map(|Hit { key, key_id, validity, source, refresh }| {
        let source = sources[source].planned.id.source.clone();
        Answer { key, key_id, source, validity, is_new: false, refresh: refresh.is_some() }
    }))
}

/// The key that `call` would be answered with without asking anybody, else the one that is kept of
/// the first source, whatever its age.
///
/// # Errors
/// Misconfigured, for a file that is not ours.
pub async fn on_disk(
    world: World<'_>,
    sources: &[Source],
    call: &Call<'_>,
) -> Result<Option<OnDisk>, Error> {
    if let Some(Hit { key, key_id, validity, source, .. }) = hit(world, sources, call).await? {
        let source = sources[source].planned.id.source.clone();
        return Ok(Some(OnDisk { key, key_id, expires_at: validity.expires_at, source }));
    }
    let Some(source) = sources.first() else { return Ok(None) };
    let id = &source.planned.id;
    // What cannot be read is said when the source is asked.
    let entry = cache::load(&world, &source.planned, &mut Vec::new()).await?.entry;
    Ok(entry.and_then(|entry| {
        let (key_id, expires_at) = (entry.key_id(id), entry.validity.expires_at);
        Some(OnDisk { key: entry.key?, key_id, expires_at, source: id.source.clone() })
    }))
}

/// A key that is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// The key.
    pub key: Key,
    /// Which key it is.
    pub key_id: KeyId,
    /// The issuer's end of it, if it named one.
    pub expires_at: Option<Moment>,
    /// The name of its source.
    pub source: String,
}

/// The answer that is already on disk.
async fn hit(world: World<'_>, sources: &[Source], call: &Call<'_>) -> Result<Option<Hit>, Error> {
    let planned: Vec<PlannedSource> = sources.iter().map(|source| source.planned.clone()).collect();
    let mut files = BTreeMap::new();
    for source in &planned {
        for file in [source.id.entry_file(world.seal), source.id.failure_file()] {
            // What cannot be read is no hit here, and the refresh says why.
            match world.disk.read(&file).await {
                Ok(content) => files.insert(file, content),
                Err(ReadError::Refused(error)) => return Err(error),
                Err(ReadError::Io(_)) => return Ok(None),
            };
        }
    }
    let lookup = Lookup {
        sources: &planned,
        policy: call.policy,
        hold: call.hold,
        now: world.clock.now(),
        seal: world.seal,
        variable: &world.variable,
    };
    Ok(look(&lookup, |file| {
        Ok::<_, ReadError>(files.get(file).and_then(|content| content.as_deref()))
    }))
}

#[cfg(test)]
mod tests;
