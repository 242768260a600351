//! The Keychain of macOS.

use api_key_helper_cache::SealingKeys;
use security_framework::base::Error;
use security_framework::os::macos::keychain::SecKeychain;
use security_framework::passwords::{get_generic_password, set_generic_password};
use zeroize::Zeroizing;

use super::unavailable::Unavailable;
use crate::environment::Environment;

const SERVICE: &str = "api-key-helper";
const ACCOUNT: &str = "seal";
/// `errSecItemNotFound`, `errSecInteractionNotAllowed`, `errSecAuthFailed` of `SecBase.h`.
const NOT_FOUND: i32 = -25_300;
const NEEDS_A_HUMAN: [i32; 2] = [-25_308, -25_293];

/// The user's default keychain.
#[derive(Clone, Debug)]
pub(crate) struct Store;

impl Store {
    pub(crate) const fn of(_: &Environment) -> Self {
        Self
    }

    /// Returns whether the store can be asked, which holds on every macOS.
    pub(crate) const fn can_be_asked(&self) -> bool {
        true
    }

    /// Reads the keys without a prompt; `None` if the store has none yet.
    pub(crate) async fn read(&self) -> Result<Option<SealingKeys>, Unavailable> {
        alone(|| match get_generic_password(SERVICE, ACCOUNT) {
            Ok(bytes) => SealingKeys::decode(&Zeroizing::new(bytes)).map(Some).ok_or_else(|| {
                Unavailable::Failed(format!("its item `{SERVICE}` does not hold sealing keys"))
            }),
            Err(error) if error.code() == NOT_FOUND => Ok(None),
            Err(error) => Err(failed(error)),
        })
        .await
    }

    /// Replaces the keys in the store, without a prompt.
    pub(crate) async fn write(&self, keys: &SealingKeys) -> Result<(), Unavailable> {
        let bytes = keys.encode();
        alone(move || set_generic_password(SERVICE, ACCOUNT, &bytes).map_err(failed)).await
    }
}

/// Runs `act` on a thread of its own, because the keychain blocks, and without prompts.
async fn alone<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Unavailable> + Send + 'static,
) -> Result<T, Unavailable> {
    let acted = tokio::task::spawn_blocking(|| {
        let _silence = SecKeychain::disable_user_interaction().map_err(failed)?;
        act()
    });
    acted.await.unwrap_or_else(|error| Err(Unavailable::Failed(error.to_string())))
}

fn failed(error: Error) -> Unavailable {
    if NEEDS_A_HUMAN.contains(&error.code()) {
        return Unavailable::Locked;
    }
    Unavailable::Failed(error.to_string())
}
