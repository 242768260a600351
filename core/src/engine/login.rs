//! A source's login and logout, which only a human starts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use async_trait::async_trait;

use super::cache::{self, Cached};
use super::held::Held;
use super::refresh::Refresh;
use super::remembered::Remembered;
use super::resolver::{Resolver, TimeLeft};
use super::world::{Event, Lock, World};
use super::{Call, Demand, Source};
use crate::{
    Attempt, Entry, EntryId, Error, FetchRequest, Policy, Prompt, Secret, SecretInput, SignIn,
    Validity,
};

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
    let policy = Policy::default();
    let call = call(profile, &policy);
    let remembered = Remembered::default();
    let refresh = Refresh::new(world, source, &call, &remembered, HUMAN_PATIENCE);
    let attempt =
        LoginAttempt { refresh: &refresh, inputs: refresh.resolver(), kept: Mutex::default() };
    let asked_at = world.clock.now();
    let credential = source.backend.login(&FetchRequest::new(None, &attempt), prompt).await;
    let credential = credential.map_err(|error| attempt.inputs.redact(error))?;
    // The human's time is none of the key's.
    let fetched = refresh.fetched(credential, world.clock.now())?;
    let validity = fetched.validity;
    world.journal.record(&Event {
        at: world.clock.now(),
        profile,
        source: &source.planned.id.source,
        duration: world.clock.now().since(asked_at),
        attempts: 1,
        outcome: Ok((&fetched.key, validity.expires_at)),
    });
    let (_lock, held) = match attempt.take_kept() {
        Some(kept) => kept,
        None => refresh.locked_entry().await?,
    };
    held.save(fetched.into_entry(&held)).await.map_err(|error| not_kept(&error))?;
    let _ = world.disk.remove(&source.planned.id.failure_file()).await;
    let renewal = held.entry().and_then(|entry| entry.renewal);
    let sign_in = renewal.and_then(|renewal| source.backend.sign_in(&renewal));
    Ok(LoggedIn { validity, sign_in })
}

/// What came of a login.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedIn {
    /// What is known of the new key's time.
    pub validity: Validity,
    /// Who signed in, and for what.
    pub sign_in: Option<SignIn>,
}

/// Gives a source's credential back, where its server takes it, and forgets it in any case.
///
/// # Errors
/// When it cannot be forgotten. The inner result is the server's.
pub async fn logout(
    world: World<'_>,
    source: &Source,
    profile: &str,
) -> Result<Result<(), Error>, Error> {
    let policy = Policy::default();
    let call = call(profile, &policy);
    let remembered = Remembered::default();
    let refresh = Refresh::new(world, source, &call, &remembered, PATIENCE);
    let (_lock, held) = refresh.locked_entry().await?;
    let has_any = held.entry().is_some();
    let revoked = if has_any { held.revoke(PATIENCE).await } else { Ok(()) };
    remove(&world, &source.planned.id).await?;
    Ok(revoked)
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
    let mut unsaid = Vec::new();
    cache::seal_anew(&world, id, &mut unsaid).await?;
    let file = id.entry_file(world.seal);
    match cache::entry(&world, id, &mut unsaid).await? {
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
    refusals.into_iter().next().map_or(Ok(is_sealed), |refusal| Err(Error::transient(refusal)))
}

fn call<'a>(profile: &'a str, policy: &'a Policy) -> Call<'a> {
    Call {
        profile,
        policy,
        hold: Duration::ZERO,
        deadline: PATIENCE,
        demand: Demand::Printable,
        chain: "",
    }
}

fn not_removed(file: &str, error: &io::Error) -> Error {
    Error::transient(format!("cannot remove `{file}` from the state folder: {error}"))
        .with_hint("remove it by hand, see `api-key-helper status`")
}

fn not_kept(error: &io::Error) -> Error {
    Error::transient(format!("the sign-in cannot be kept: {error}"))
        .with_hint("make room in the state folder, see `api-key-helper doctor`, and sign in again")
}

impl Refresh<'_> {
    async fn locked_entry(&self) -> Result<Kept<'_>, Error> {
        let (lock, cached) = self.locked().await?;
        Ok((lock, self.held(cached.entry)))
    }

    /// Waits for the source's lock, and reads what is on disk under it.
    async fn locked(&self) -> Result<(Box<dyn Lock>, Cached), Error> {
        let planned = &self.source.planned;
        let lock = lock(&self.world, &planned.id).await?;
        let mut unsaid = Vec::new();
        cache::seal_anew(&self.world, &planned.id, &mut unsaid).await?;
        let cached = cache::load(&self.world, planned, &mut unsaid).await?;
        if cached.damaged {
            self.set_aside(&mut unsaid).await;
        }
        Ok((lock, cached))
    }
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
            return Err(Error::transient(message).with_hint("try again in a minute"));
        }
        world.clock.sleep(Duration::from_millis(20)).await;
    }
}

/// A source's lock, and the entry that it guards.
type Kept<'a> = (Box<dyn Lock>, Held<'a>);

/// The engine's side of a login. From the first renewal that is kept, it has the source's lock: else
/// somebody could spend that renewal before the login has ended, which would then put it back.
struct LoginAttempt<'a> {
    refresh: &'a Refresh<'a>,
    inputs: Resolver<'a>,
    kept: Mutex<Option<Kept<'a>>>,
}

impl<'a> LoginAttempt<'a> {
    fn take_kept(&self) -> Option<Kept<'a>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for LoginAttempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAttempt").field("refresh", self.refresh).finish_non_exhaustive()
    }
}

#[async_trait]
impl Attempt for LoginAttempt<'_> {
    fn now(&self) -> SystemTime {
        self.refresh.world.clock.now().into()
    }

    fn time_left(&self) -> Duration {
        self.refresh.time_left()
    }

    fn chain(&self) -> &str {
        self.inputs.chain()
    }

    async fn keep(&self, renewal: &Secret) -> Result<(), Error> {
        let (lock, held) = match self.take_kept() {
            Some(kept) => kept,
            None => self.refresh.locked_entry().await?,
        };
        let kept = held.keep(renewal).await;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((lock, held));
        kept.map_err(|error| not_kept(&error))
    }

    async fn make_room(&self) -> Result<(), Error> {
        let room = self.refresh.world.disk.draft(cache::ROOM).await;
        room.map(drop).map_err(|error| not_kept(&error))
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        // Other sources are refreshed without a human.
        let source = PATIENCE.min(self.time_left());
        self.inputs.resolve(input, TimeLeft { attempt: self.time_left(), source }).await
    }
}
