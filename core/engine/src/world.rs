//! The outside world as arguments: time, chance, the disk and its locks.

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

/// Everything outside the engine. The simulation has its own.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// The clock.
    pub clock: &'w dyn Clock,
    /// The random numbers.
    pub chance: &'w dyn Chance,
    /// The state folder.
    pub disk: &'w dyn Disk,
    /// The current sealing key.
    pub seal: &'w dyn Seal,
    /// Older sealing keys, and those of another home. Entries that they open are sealed again.
    pub older: &'w [SealingKey],
    /// The reader of secret inputs.
    pub inputs: &'w dyn Inputs,
    /// The refresh log.
    pub journal: &'w dyn Journal,
    /// Reads an environment variable.
    pub variable: &'w (dyn Fn(&str) -> Option<OsString> + Send + Sync),
}

/// Time for the engine.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock, for lifetimes. It may jump.
    fn now(&self) -> Moment;
    /// The time since some fixed point, for deadlines. It never goes back.
    fn uptime(&self) -> Duration;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// Chance for the engine.
pub trait Chance: Send + Sync {
    /// A number from 0 (included) to 1 (excluded).
    fn unit(&self) -> f64;
    /// Bytes that cannot be guessed.
    fn salt(&self) -> [u8; 16];
    /// Bytes that are never drawn again by any process. Without them nothing is sealed.
    fn nonce(&self) -> io::Result<Nonce>;
}

/// The state folder for the engine, in single steps of a file system. A simulation can interrupt,
/// tear or refuse each of them.
#[async_trait]
pub trait Disk: Send + Sync {
    /// The content of a file; `None` if there is none.
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError>;
    /// Notes that a file is used at `now`, so that it is kept. A disk without a sweep can ignore
    /// this.
    async fn note_use(&self, file: &str, now: Moment) {
        let _ = (file, now);
    }
    /// A new file without a name, with `room` bytes of reserved disk space.
    async fn draft(&self, room: u64) -> io::Result<Box<dyn Draft>>;
    /// Makes the names of the folder durable.
    async fn sync_names(&self) -> io::Result<()>;
    /// Removes a file. A missing file is no error.
    async fn remove(&self, file: &str) -> io::Result<()>;
    /// Renames a file that cannot be read, so that it is neither lost nor in the way.
    async fn set_aside(&self, file: &str) -> io::Result<()>;
    /// Takes a lock that ends with its process; `None` while another process holds it.
    async fn try_lock(&self, file: &str) -> io::Result<Option<Box<dyn Lock>>>;
}

/// A file without a name. Dropped, it is removed.
#[async_trait]
pub trait Draft: Send {
    /// Writes the whole content.
    async fn write(&mut self, content: &[u8]) -> io::Result<()>;
    /// Makes the content durable.
    async fn sync(&mut self) -> io::Result<()>;
    /// Gives the file its name, and replaces any file of that name.
    async fn publish(self: Box<Self>, file: &str) -> io::Result<()>;
}

/// A lock, held until dropped.
pub trait Lock: Send + Sync {}

/// The reader of secret inputs that are not keys of other sources.
#[async_trait]
pub trait Inputs: Send + Sync {
    /// Reads one input within `time_left`. `chain` names the sources that are being fetched,
    /// outermost first. The engine resolves every [`SecretInput::Source`] itself.
    async fn resolve(
        &self,
        input: &SecretInput,
        chain: &str,
        time_left: Duration,
    ) -> Result<Secret, Error>;
}

/// The log of refreshes. It returns no error, because logging never fails a fetch.
pub trait Journal: Send + Sync {
    /// Records an event.
    fn record(&self, event: &Event<'_>);
}

/// A refresh that succeeded or failed.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The time of its end.
    pub at: Moment,
    /// The calling profile.
    pub profile: &'a str,
    /// The source that was asked.
    pub source: &'a str,
    /// The duration, including retries and waits.
    pub duration: Duration,
    /// The number of attempts.
    pub attempts: u32,
    /// The key and its expiry, or the error.
    pub outcome: Result<(&'a Key, Option<Moment>), &'a Error>,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}
