//! Obtains the sealing key from its home, and replaces it there.

use std::path::Path;
use std::time::Duration;

use api_key_helper_cache::{KernelKeyring, KeyFile, Memory, SealSetting, SealingKey, SealingKeys};
use api_key_helper_core::Clock as _;
use api_key_helper_system::trust::Trail;
use api_key_helper_system::{FileLock, Places, ReadError};
use api_key_helper_values::Error;
use tokio::time::timeout;

use super::store::Store;
use super::unavailable::Unavailable;
use super::{Home, InUse, Reason};
use crate::environment::Environment;
use crate::world::{MachineClock, SystemChance};

/// The longest time for all answers of the store together.
const STORE_PATIENCE: Duration = Duration::from_secs(2);
/// The longest wait for another process that is asking the store.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
const LOCK_POLL: Duration = Duration::from_millis(10);

/// The possible homes of the caller's sealing key.
#[derive(Clone, Debug)]
pub(crate) struct Homes {
    setting: SealSetting,
    file: KeyFile,
    keyring: KernelKeyring,
    store: Store,
    clock: MachineClock,
}

impl Homes {
    pub(crate) fn new(
        setting: SealSetting,
        places: &Places,
        environment: &Environment,
        clock: MachineClock,
    ) -> Self {
        let file = KeyFile::new(places.keys.clone());
        let keyring = KernelKeyring::of(&file);
        Self { setting, file, keyring, store: Store::of(environment), clock }
    }

    /// The folder of the key file.
    pub(crate) fn folder(&self) -> &Path {
        self.file.folder()
    }

    pub(crate) const fn setting(&self) -> SealSetting {
        self.setting
    }

    /// Forgets that the store did not answer, so that it is asked again.
    pub(crate) fn ask_again(&self) {
        if self.keyring.recall() == Ok(Some(Memory::NoAnswer)) {
            self.keyring.forget();
        }
    }

    /// Returns the keys in use, and creates the first one if there is none.
    ///
    /// `Refused`: a file is not ours, or the store cannot be used and the setting allows nothing
    /// else. `Io`: the key file cannot be read or created.
    pub(crate) async fn in_use(&self) -> Result<InUse, ReadError> {
        let stored = match self.setting {
            SealSetting::File => None,
            SealSetting::Auto if !IS_STORE_REMEMBERED => None,
            SealSetting::Auto | SealSetting::SecretService => {
                Some(self.stored(Missing::Make).await)
            }
        };
        let reason = match (stored, self.setting) {
            (Some(Ok(Some(keys))), setting) => return self.in_store(keys, setting),
            (Some(Err(why)), SealSetting::SecretService) => {
                return Err(ReadError::Refused(why.error()));
            }
            (Some(Err(why)), _) => Reason::InsteadOfStore(why),
            (None, SealSetting::Auto) => Reason::FrontReadsFile,
            (None | Some(Ok(None)), _) => Reason::Configured,
        };
        let keys = self.file.read_or_make(|| SystemChance.sealing_key())?;
        let mut in_use = InUse::new(Home::File(self.file.path()), reason, keys);
        if let Ok(Some(Memory::Keys(keys))) = self.keyring.recall() {
            in_use.open_with(keys);
        }
        Ok(in_use)
    }

    fn in_store(&self, keys: SealingKeys, setting: SealSetting) -> Result<InUse, ReadError> {
        let reason = match setting {
            SealSetting::Auto => Reason::StoreAnswers,
            SealSetting::File | SealSetting::SecretService => Reason::Configured,
        };
        let mut in_use = InUse::new(Home::Store, reason, keys);
        match self.file.read(&mut Trail::new()) {
            Ok(Some(keys)) => in_use.open_with(keys),
            Ok(None) | Err(ReadError::Io(_)) => {}
            Err(refused @ ReadError::Refused(_)) => return Err(refused),
        }
        Ok(in_use)
    }

    /// Adds the store's keys, if it has any. They open entries that were sealed before the
    /// configuration named the file.
    pub(crate) async fn add_stored(&self, in_use: &mut InUse) {
        if let Ok(Some(keys)) = self.stored(Missing::Leave).await {
            in_use.open_with(keys);
        }
    }

    /// The store's keys, from the kernel keyring or from the store. One process asks the store, and
    /// the others wait for its answer.
    async fn stored(&self, missing: Missing) -> Result<Option<SealingKeys>, Unavailable> {
        if let Ok(Some(Memory::Keys(keys))) = self.keyring.recall() {
            return Ok(Some(keys));
        }
        if !self.store.can_be_asked() {
            return Err(Unavailable::NoBus);
        }
        // On a disk without locks, two processes may create a key at once. Then one key seals new
        // entries, and the other's entries are fetched again.
        let _lock = self.lock().await.ok();
        // `NoAnswer` counts only with the lock held: otherwise another process is asking at this
        // moment.
        if let Some(remembered) = self.remembered()? {
            return Ok(Some(remembered));
        }
        // Recorded before asking. If this process is killed while it waits, the next one does not
        // wait too.
        self.remember(&Memory::NoAnswer)?;
        let Ok(answer) = timeout(STORE_PATIENCE, self.ask(missing)).await else {
            return Err(Unavailable::NoAnswer);
        };
        match &answer {
            Ok(Some(keys)) => {
                let memory = Memory::Keys(keys.clone());
                self.remember(&memory).inspect_err(|_| self.keyring.forget())?;
            }
            Ok(None) | Err(_) => self.keyring.forget(),
        }
        answer
    }

    async fn ask(&self, missing: Missing) -> Result<Option<SealingKeys>, Unavailable> {
        if let Some(keys) = self.store.read().await? {
            return Ok(Some(keys));
        }
        match missing {
            Missing::Leave => Ok(None),
            Missing::Make => {
                let key = SystemChance.sealing_key();
                let key = key.map_err(|error| Unavailable::Failed(error.to_string()))?;
                self.store.write(&SealingKeys::first(key)).await?;
                // Read back: other processes will get this key, even if another one was written at
                // the same time.
                let kept = self.store.read().await?;
                let lost = || Unavailable::Failed("it does not keep what it is given".to_owned());
                kept.map(Some).ok_or_else(lost)
            }
        }
    }

    fn remembered(&self) -> Result<Option<SealingKeys>, Unavailable> {
        match self.keyring.recall() {
            Ok(Some(Memory::Keys(keys))) => Ok(Some(keys)),
            Ok(Some(Memory::NoAnswer)) => Err(Unavailable::NoAnswer),
            Ok(None) => Ok(None),
            Err(refused) if self.wants_memory() => Err(Unavailable::NotRemembered(refused)),
            Err(_) => Ok(None),
        }
    }

    fn remember(&self, memory: &Memory) -> Result<(), Unavailable> {
        match self.keyring.remember(memory) {
            Err(refused) if self.wants_memory() => Err(Unavailable::NotRemembered(refused)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Returns whether the store is used only if the kernel keyring can cache its answer. The front
    /// asks no daemon, so a file serves callers better than a store that is asked at each call.
    /// With `secret-service`, the user wants the store in any case.
    fn wants_memory(&self) -> bool {
        self.setting == SealSetting::Auto
    }

    /// Makes a new key the current one, in the home in use. `is_used` tells whether a key still
    /// seals an entry. Such keys keep opening their entries, so a crash at any point loses nothing.
    /// On failure the old key stays current.
    pub(crate) async fn rotate(
        &self,
        home: &Home,
        is_used: impl Fn(&SealingKey) -> bool,
    ) -> Result<(), Error> {
        let failed = |why: String| {
            Error::transient(format!("the sealing key cannot be replaced: {why}"))
                .with_hint("see which home it has with `api-key-helper seal`")
        };
        let _lock = self.lock().await.map_err(&failed)?;
        let key = SystemChance.sealing_key().map_err(|error| failed(error.to_string()))?;
        match home {
            Home::File(_) => {
                let keys = self.file.read_or_make(|| SystemChance.sealing_key());
                let keys = keys.map_err(|error| match error {
                    ReadError::Refused(error) => error,
                    ReadError::Io(error) => failed(error.to_string()),
                })?;
                let rotated = keys.rotated(key, is_used);
                self.file.replace(&rotated).map_err(|error| failed(error.to_string()))
            }
            Home::Store => {
                let replaced = timeout(STORE_PATIENCE, async {
                    // Read from the store, because the cached keys may be older.
                    let keys = self.store.read().await?;
                    let rotated = keys.map_or_else(
                        || SealingKeys::first(key.clone()),
                        |keys| keys.rotated(key.clone(), is_used),
                    );
                    self.store.write(&rotated).await?;
                    self.remember(&Memory::Keys(rotated))
                });
                let replaced = replaced.await.unwrap_or(Err(Unavailable::NoAnswer));
                replaced.map_err(|why| failed(why.to_string()))
            }
        }
    }

    async fn lock(&self) -> Result<FileLock, String> {
        let ends_at = self.clock.uptime().saturating_add(LOCK_PATIENCE);
        loop {
            match self.file.try_lock() {
                Ok(Some(lock)) => return Ok(lock),
                Err(ReadError::Refused(error)) => return Err(error.to_string()),
                Err(ReadError::Io(error)) => return Err(error.to_string()),
                Ok(None) if self.clock.uptime() >= ends_at => {
                    return Err("another process is at it".to_owned());
                }
                Ok(None) => self.clock.sleep(LOCK_POLL).await,
            }
        }
    }
}

/// Set if the kernel keyring can cache the store's answer. Otherwise the front would have to ask
/// the store at each hit, so `auto` means the file.
const IS_STORE_REMEMBERED: bool = cfg!(target_os = "linux");

/// The action for a store without a key.
#[derive(Clone, Copy, Debug)]
enum Missing {
    Leave,
    Make,
}
