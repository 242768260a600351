//! Login and logout, which only a user starts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use api_key_helper_backend::{Attempt, Prompt, SecretInput, SignIn};
use api_key_helper_cache::{Entry, EntryId, Validity};
use api_key_helper_values::{Error, Secret};
use async_trait::async_trait;

use super::fetched::Fetched;
use super::get::InnerCalls;
use super::held::Held;
use super::remembered::Remembered;
use super::resolver::{Resolver, TimeLeft};
use super::source::Source;
use super::world::{Event, Lock, World};
use super::{attempt, cache};

/// The longest time that a login waits for a refresh in another process, and a logout for the
/// server.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest wait for the user. Providers give less.
const HUMAN_PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Gets a key by a sign-in of the user, and caches it. No lock is held while the user signs in, so
/// other calls go on printing the cached key.
///
/// # Errors
/// The backend's error, or a failure to save the sign-in.
pub async fn login(
    world: World<'_>,
    source: &Source,
    profile: &str,
    prompt: &dyn Prompt,
) -> Result<LoggedIn, Error> {
    let remembered = Remembered::default();
    let attempt = LoginAttempt {
        world,
        source,
        profile,
        remembered: &remembered,
        ends_at: world.clock.uptime().saturating_add(HUMAN_PATIENCE),
        inputs: Resolver::new(world, source, profile, &remembered, "", &InnerCalls),
        kept: Mutex::default(),
    };
    let asked_at = world.clock.now();
    let credential = source.backend.login(&attempt, prompt).await;
    let credential = credential.map_err(|error| attempt.inputs.redact(error))?;
    // Time spent at the prompt does not count towards the key's lifetime.
    let fetched = Fetched::new(credential, source, world.clock.now(), false, world)?;
    let validity = fetched.validity;
    world.journal.record(&Event {
        at: world.clock.now(),
        profile,
        source: &source.planned.id.source,
        duration: world.clock.now().since(asked_at),
        attempts: 1,
        outcome: Ok((&fetched.key, validity.expires_at)),
    });
    let (_lock, held) = attempt.locked_entry().await?;
    let entry = fetched.into_entry(held.entry(), held.environment());
    held.save(entry).await.map_err(|error| not_kept(&error))?;
    let _ = world.disk.remove(&source.planned.id.failure_file()).await;
    let renewal = held.renewal();
    let sign_in = renewal.and_then(|renewal| source.backend.sign_in(&renewal));
    Ok(LoggedIn { validity, sign_in, warnings: attempt.inputs.take_warnings() })
}

/// The result of a login.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedIn {
    /// The new key's times.
    pub validity: Validity,
    /// The account and the scopes of the sign-in.
    pub sign_in: Option<SignIn>,
    /// Warnings that the user should see.
    pub warnings: Vec<String>,
}

/// Revokes the credential of one entry if its server can, and forgets it in any case. `source` asks
/// the server. Its identity is the entry's, which may have other settings or another environment.
///
/// # Errors
/// A file cannot be removed, or an entry cannot be read. In the second case nothing is removed,
/// because an unread sign-in could not be revoked afterwards. The inner result says what was not
/// revoked.
pub async fn logout(
    world: World<'_>,
    source: &Source,
    profile: &str,
) -> Result<Result<(), Error>, Error> {
    let remembered = Remembered::default();
    let id = &source.planned.id;
    let _lock = lock(&world, id).await?;
    let mut refusals = Vec::new();
    let all = cache::all(&world, id, &mut refusals).await?;
    none_refused(refusals)?;
    let mut revoked = if all.has_damaged { Err(unopened(id)) } else { Ok(()) };
    for entry in all.entries {
        let inputs = Resolver::new(world, source, profile, &remembered, "", &InnerCalls);
        let held = Held::new(world, source, inputs, Some(entry));
        let done = attempt::revoke(&held, PATIENCE).await;
        revoked = revoked.and(done);
    }
    remove(&world, id).await?;
    Ok(revoked)
}

/// The error for an entry of `id` that cannot be opened, and so cannot be revoked.
#[must_use]
pub fn unopened(id: &EntryId) -> Error {
    let source = &id.source;
    Error::transient(format!(
        "an entry of source `{source}` cannot be opened to revoke its sign-in"
    ))
    .about(source)
}

/// Removes a file that is not an entry of the current sealing keys, such as one that was set aside.
///
/// # Errors
/// When the disk refuses.
pub async fn discard(world: World<'_>, file: &str) -> Result<(), Error> {
    world.disk.remove(file).await.map_err(|error| not_removed(file, &error))?;
    world.disk.sync_names().await.map_err(|error| not_removed(file, &error))
}

/// Forgets a source's entry and failure, because a source that it uses has changed. Waits for a
/// refresh in another process, whose answer may depend on the old state too.
///
/// # Errors
/// Transient: another process keeps refreshing the source, or the disk refuses.
pub async fn forget(world: World<'_>, id: &EntryId) -> Result<(), Error> {
    let _lock = lock(&world, id).await?;
    remove(&world, id).await
}

/// Forgets a source's key and failure, but keeps its renewal: a sign-in depends on no other source.
///
/// # Errors
/// As [`forget`].
pub async fn forget_key(world: World<'_>, id: &EntryId) -> Result<(), Error> {
    let _lock = lock(&world, id).await?;
    let mut refusals = Vec::new();
    cache::seal_anew(&world, id, &mut refusals).await?;
    let entry = cache::entry(&world, id, &mut refusals).await?;
    none_refused(refusals)?;
    let file = id.entry_file(world.seal);
    match entry {
        Some(entry) if entry.renewal.is_some() => {
            let without_key = Entry { key: None, ..entry };
            let saved = cache::seal(&world, id, &without_key).await;
            saved.map_err(|error| not_removed(&file, &error))?;
            let file = id.failure_file();
            world.disk.remove(&file).await.map_err(|error| not_removed(&file, &error))
        }
        _ => remove(&world, id).await,
    }
}

/// Removes all files of a source. Its lock must be held.
async fn remove(world: &World<'_>, id: &EntryId) -> Result<(), Error> {
    let entry_file = id.entry_file(world.seal);
    // Entries of older keys are still there if sealing them again failed.
    let older = world.older.iter().map(|key| id.entry_file(key));
    for file in older.chain([entry_file.clone(), id.failure_file()]) {
        world.disk.remove(&file).await.map_err(|error| not_removed(&file, &error))?;
    }
    // Before the sync, a crash could bring them back.
    world.disk.sync_names().await.map_err(|error| not_removed(&entry_file, &error))
}

/// Seals a source's entry with the current key, if an older key sealed it. Returns whether one did.
/// Waits for a refresh in another process.
///
/// # Errors
/// Transient: another process keeps refreshing the source, or the disk refuses.
pub async fn seal_anew(world: World<'_>, id: &EntryId) -> Result<bool, Error> {
    let _lock = lock(&world, id).await?;
    let mut refusals = Vec::new();
    let is_sealed = cache::seal_anew(&world, id, &mut refusals).await?;
    none_refused(refusals).map(|()| is_sealed)
}

/// Fails with the first refusal of the disk. Unread files must not be removed.
fn none_refused(refusals: Vec<String>) -> Result<(), Error> {
    refusals.into_iter().next().map_or(Ok(()), |refusal| {
        Err(Error::transient(refusal).with_hint(
            "see the state folder in `api-key-helper doctor`; or remove the file, and revoke its sign-in \
             at the provider",
        ))
    })
}

fn not_removed(file: &str, error: &io::Error) -> Error {
    Error::transient(format!("cannot remove `{file}` from the state folder: {error}"))
        .with_hint("remove it by hand, see `api-key-helper status`")
}

fn not_kept(error: &io::Error) -> Error {
    Error::transient(format!("the sign-in cannot be kept: {error}"))
        .with_hint("make room in the state folder, see `api-key-helper doctor`, and sign in again")
}

/// Waits for the source's lock, and reads the entry under it.
async fn locked_entry<'a>(
    world: World<'a>,
    source: &'a Source,
    profile: &'a str,
    remembered: &'a Remembered,
) -> Result<Kept<'a>, Error> {
    let id = &source.planned.id;
    let lock = lock(&world, id).await?;
    let mut unsaid = Vec::new();
    cache::seal_anew(&world, id, &mut unsaid).await?;
    let cached = cache::load(&world, source, &mut unsaid).await?;
    if cached.damaged {
        cache::set_aside(&world, id, &mut unsaid).await;
    }
    let inputs = Resolver::new(world, source, profile, remembered, "", &InnerCalls);
    Ok((lock, Held::new(world, source, inputs, cached.entry)))
}

async fn lock(world: &World<'_>, id: &EntryId) -> Result<Box<dyn Lock>, Error> {
    let ends_at = world.clock.uptime().saturating_add(PATIENCE);
    loop {
        let lock = world.disk.try_lock(&id.lock_file()).await.map_err(|error| {
            Error::transient(format!("cannot lock the state folder: {error}"))
                .with_hint("make it writable, see `api-key-helper status`")
        })?;
        if let Some(lock) = lock {
            return Ok(lock);
        }
        if world.clock.uptime() >= ends_at {
            let message = format!("another process is still refreshing source `{}`", id.source);
            return Err(Error::transient(message)
                .about(&id.source)
                .with_hint("try again in a minute"));
        }
        world.clock.sleep(Duration::from_millis(20)).await;
    }
}

/// A source's lock, and the entry under it.
type Kept<'a> = (Box<dyn Lock>, Held<'a>);

/// A running login. From the first renewal that it saves, it holds the source's lock. Otherwise
/// another process could spend that renewal, and the end of the login would write the spent one
/// back.
struct LoginAttempt<'a> {
    world: World<'a>,
    source: &'a Source,
    profile: &'a str,
    remembered: &'a Remembered,
    /// The uptime at which the login ends.
    ends_at: Duration,
    inputs: Resolver<'a>,
    kept: Mutex<Option<Kept<'a>>>,
}

impl<'a> LoginAttempt<'a> {
    /// The saved lock and entry, or new ones.
    async fn locked_entry(&self) -> Result<Kept<'a>, Error> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            Some(kept) => Ok(kept),
            None => locked_entry(self.world, self.source, self.profile, self.remembered).await,
        }
    }
}

impl fmt::Debug for LoginAttempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAttempt").field("source", &self.source.planned).finish_non_exhaustive()
    }
}

#[async_trait]
impl Attempt for LoginAttempt<'_> {
    fn now(&self) -> SystemTime {
        self.world.clock.now().into()
    }

    fn time_left(&self) -> Duration {
        self.ends_at.saturating_sub(self.world.clock.uptime())
    }

    fn chain(&self) -> &str {
        self.inputs.chain()
    }

    async fn store_renewal(&self, renewal: &Secret) -> Result<(), Error> {
        let (lock, held) = self.locked_entry().await?;
        let kept = held.store_renewal(renewal).await;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((lock, held));
        kept.map_err(|error| not_kept(&error))
    }

    async fn reserve_space(&self) -> Result<(), Error> {
        let room = self.world.disk.draft(cache::ROOM).await;
        room.map(drop).map_err(|error| not_kept(&error))
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        // Other sources are refreshed without the user.
        let source = PATIENCE.min(self.time_left());
        self.inputs.resolve(input, TimeLeft { attempt: self.time_left(), source }).await
    }

    fn warn(&self, warning: String) {
        self.inputs.warn(warning);
    }
}
