//! A source's login and logout, which only a human starts.

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

/// How long a login waits for whoever refreshes the source, and a logout for the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that a human is waited for. Providers end it much sooner.
const HUMAN_PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Obtains a key by talking to a human, and caches it. No lock is held while the human is waited
/// for: a key that is there goes on being printed meanwhile.
///
/// # Errors
/// What the backend says, or that the answer cannot be kept.
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
    // The human's time is none of the key's.
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

/// What came of a login.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedIn {
    /// What is known of the new key's time.
    pub validity: Validity,
    /// Who signed in, and for what.
    pub sign_in: Option<SignIn>,
    /// Warnings that the user should see.
    pub warnings: Vec<String>,
}

/// Gives the credential of one entry back, where its server takes it, and forgets it in any case:
/// `source` is asked, and its identity is the entry's, which may be of other settings or of another
/// environment.
///
/// # Errors
/// When it cannot be forgotten, or when the disk refuses to read an entry: then nothing is removed, for
/// the sign-in in it could not be revoked any more. The inner result says why something was not given
/// back.
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

/// An entry of `id` cannot be opened, and so nothing in it can be given back.
#[must_use]
pub fn unopened(id: &EntryId) -> Error {
    let source = &id.source;
    Error::transient(format!(
        "an entry of source `{source}` cannot be opened to revoke its sign-in"
    ))
    .about(source)
}

/// Removes a file that no entry of the present sealing keys has: one that was set aside, perhaps.
///
/// # Errors
/// When the disk refuses.
pub async fn discard(world: World<'_>, file: &str) -> Result<(), Error> {
    world.disk.remove(file).await.map_err(|error| not_removed(file, &error))?;
    world.disk.sync_names().await.map_err(|error| not_removed(file, &error))
}

/// Forgets a source's entry and failure, for what they came of has changed: a source that it uses. It
/// waits for whoever refreshes the source, whose answer may have come of that too.
///
/// # Errors
/// Transient, when somebody goes on refreshing it, or when the disk refuses.
pub async fn forget(world: World<'_>, id: &EntryId) -> Result<(), Error> {
    let _lock = lock(&world, id).await?;
    remove(&world, id).await
}

/// The same, but for the renewal: that of a source which people sign in to comes of nothing but them.
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

/// Removes what is kept of a source, whose lock is held.
async fn remove(world: &World<'_>, id: &EntryId) -> Result<(), Error> {
    let entry_file = id.entry_file(world.seal);
    // Where sealing anew was refused, what an older key sealed is still there.
    let older = world.older.iter().map(|key| id.entry_file(key));
    for file in older.chain([entry_file.clone(), id.failure_file()]) {
        world.disk.remove(&file).await.map_err(|error| not_removed(&file, &error))?;
    }
    // Until then a crash can bring them back.
    world.disk.sync_names().await.map_err(|error| not_removed(&entry_file, &error))
}

/// Seals a source's entry anew if an older key sealed it, and says whether one did. It waits for
/// whoever refreshes the source.
///
/// # Errors
/// Transient, when somebody goes on refreshing it, or when the disk refuses.
pub async fn seal_anew(world: World<'_>, id: &EntryId) -> Result<bool, Error> {
    let _lock = lock(&world, id).await?;
    let mut refusals = Vec::new();
    let is_sealed = cache::seal_anew(&world, id, &mut refusals).await?;
    none_refused(refusals).map(|()| is_sealed)
}

/// Fails with the first refusal of the disk: what could not be read or sealed again must not be removed.
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

/// Waits for the source's lock, and reads its entry under it.
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

/// Waits for a source's lock.
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

/// A source's lock, and the entry that it guards.
type Kept<'a> = (Box<dyn Lock>, Held<'a>);

/// A login that is going on. From the first renewal that is kept, it has the source's lock: else
/// somebody could spend that renewal before the login has ended, which would then put it back.
struct LoginAttempt<'a> {
    world: World<'a>,
    source: &'a Source,
    profile: &'a str,
    remembered: &'a Remembered,
    /// When its time is over, by the uptime.
    ends_at: Duration,
    inputs: Resolver<'a>,
    kept: Mutex<Option<Kept<'a>>>,
}

impl<'a> LoginAttempt<'a> {
    /// The lock and the entry: those that are kept, or new ones.
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
        // Other sources are refreshed without a human.
        let source = PATIENCE.min(self.time_left());
        self.inputs.resolve(input, TimeLeft { attempt: self.time_left(), source }).await
    }

    fn warn(&self, warning: String) {
        self.inputs.warn(warning);
    }
}
