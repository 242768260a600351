//! What the engine acts on: time, chance, the disk and its locks, as arguments.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::time::Duration;

use api_key_helper_backend::SecretInput;
use api_key_helper_cache::{Nonce, Seal, SealingKey};
use api_key_helper_system::ReadError;
use api_key_helper_values::{Error, Key, Moment, Secret};
use async_trait::async_trait;
use zeroize::Zeroizing;

/// Everything outside the engine. A simulation puts its own in here.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// Time.
    pub clock: &'w dyn Clock,
    /// Chance.
    pub chance: &'w dyn Chance,
    /// The state folder.
    pub disk: &'w dyn Disk,
    /// What seals entries.
    pub seal: &'w dyn Seal,
    /// What sealed entries before, or elsewhere. What they open is sealed anew.
    pub older: &'w [SealingKey],
    /// Where secret inputs come from.
    pub inputs: &'w dyn Inputs,
    /// Where refreshes are written down.
    pub journal: &'w dyn Journal,
    /// Reads an environment variable.
    pub variable: &'w (dyn Fn(&str) -> Option<OsString> + Send + Sync),
}

/// Time as the engine sees it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock, for lifetimes: it may jump.
    fn now(&self) -> Moment;
    /// Time since some fixed point, for deadlines: it never goes back.
    fn uptime(&self) -> Duration;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// Chance as the engine sees it.
pub trait Chance: Send + Sync {
    /// A number from 0 (included) to 1 (excluded).
    fn unit(&self) -> f64;
    /// Bytes that nobody can guess.
    fn salt(&self) -> [u8; 16];
    /// Bytes that are never drawn again, by nobody. Without them nothing is sealed.
    fn nonce(&self) -> io::Result<Nonce>;
}

/// The state folder as the engine sees it: one step of a file system at a time, so that a simulation
/// can stop, tear or refuse each of them.
#[async_trait]
pub trait Disk: Send + Sync {
    /// The content of a file; `None` where there is none.
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError>;
    /// Notes that a file is used at `now`, so that it is kept. By default nothing is ever cleared away.
    async fn note_use(&self, file: &str, now: Moment) {
        let _ = (file, now);
    }
    /// A new file without a name, with `room` bytes of the disk set apart for it.
    async fn draft(&self, room: u64) -> io::Result<Box<dyn Draft>>;
    /// Makes the names of the folder durable.
    async fn sync_names(&self) -> io::Result<()>;
    /// Removes a file; it is no error that there is none.
    async fn remove(&self, file: &str) -> io::Result<()>;
    /// Renames a file that cannot be read, so that it is neither lost nor in the way.
    async fn set_aside(&self, file: &str) -> io::Result<()>;
    /// Takes a lock that dies with its holder; `None` while somebody else has it.
    async fn try_lock(&self, file: &str) -> io::Result<Option<Box<dyn Lock>>>;
}

/// A file that has no name yet. Dropped, it is gone.
#[async_trait]
pub trait Draft: Send {
    /// Writes the whole content.
    async fn write(&mut self, content: &[u8]) -> io::Result<()>;
    /// Makes the content durable.
    async fn sync(&mut self) -> io::Result<()>;
    /// Gives it its name, in place of whatever had it.
    async fn publish(self: Box<Self>, file: &str) -> io::Result<()>;
}

/// A lock that is held until it is dropped.
pub trait Lock: Send + Sync {}

/// Where secret inputs come from that are no keys of other sources.
#[async_trait]
pub trait Inputs: Send + Sync {
    /// Reads one, within `time_left`. `chain` names the sources that are being fetched, outermost
    /// first. It is never asked for a [`SecretInput::Source`], which the engine resolves by itself.
    async fn resolve(
        &self,
        input: &SecretInput,
        chain: &str,
        time_left: Duration,
    ) -> Result<Secret, Error>;
}

/// Where refreshes are written down. It cannot fail: nobody goes without a key for want of a log.
pub trait Journal: Send + Sync {
    /// Writes down what happened.
    fn record(&self, event: &Event<'_>);
}

/// One refresh, or the failure of one.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When it ended.
    pub at: Moment,
    /// The profile that asked.
    pub profile: &'a str,
    /// The source that was asked.
    pub source: &'a str,
    /// How long it took, retries and waits included.
    pub duration: Duration,
    /// How many attempts were made.
    pub attempts: u32,
    /// The key and its end, or what went wrong.
    pub outcome: Result<(&'a Key, Option<Moment>), &'a Error>,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}
