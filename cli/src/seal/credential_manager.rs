//! The Credential Manager of Windows.

use api_key_helper_cache::SealingKeys;
use keyring_core::{Entry, Error};
use windows_native_keyring_store::Store as WindowsStore;
use zeroize::Zeroizing;

use super::unavailable::Unavailable;
use crate::environment::Environment;

const SERVICE: &str = "api-key-helper";
const ACCOUNT: &str = "seal";

#[derive(Clone, Debug)]
pub(crate) struct Store;

impl Store {
    pub(crate) const fn of(_: &Environment) -> Self {
        Self
    }

    /// Returns whether the store can be asked, which holds on every Windows.
    pub(crate) const fn can_be_asked(&self) -> bool {
        true
    }

    /// Reads the keys; `None` if the store has none yet.
    pub(crate) async fn read(&self) -> Result<Option<SealingKeys>, Unavailable> {
        match entry()?.get_secret() {
            Ok(bytes) => SealingKeys::decode(&Zeroizing::new(bytes)).map(Some).ok_or_else(|| {
                Unavailable::Failed(format!("its entry `{SERVICE}` does not hold sealing keys"))
            }),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Replaces the keys in the store.
    pub(crate) async fn write(&self, keys: &SealingKeys) -> Result<(), Unavailable> {
        entry()?.set_secret(&keys.encode()).map_err(failed)
    }
}

fn entry() -> Result<Entry, Unavailable> {
    use keyring_core::api::CredentialStoreApi as _;

    WindowsStore::new().and_then(|store| store.build(SERVICE, ACCOUNT, None)).map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to `map_err`")]
fn failed(error: Error) -> Unavailable {
    Unavailable::Failed(error.to_string())
}
