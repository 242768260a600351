//! The Secret Service: GNOME Keyring, KWallet, KeePassXC
//! (<https://specifications.freedesktop.org/secret-service/latest/>).
//!
//! Its clients on crates.io open whatever prompt the service asks for. Here nobody may be prompted,
//! so the few calls are made by hand, and a prompt that is offered is declined.

use std::collections::HashMap;
use std::ffi::OsString;

use api_key_helper_core::SealingKeys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Type, Variant};
use zeroize::{Zeroize as _, Zeroizing};

use super::Unavailable;
use crate::environment::Environment;

/// What people call it.
pub(crate) const NAME: &str = "the secret service";

/// Where the store is to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    bus: Option<String>,
}

impl Store {
    /// The store on the caller's session bus, if there is a bus.
    pub(crate) fn of(environment: &Environment) -> Self {
        let text = |name: &str| {
            let value: Option<OsString> = environment.variable(name);
            value.and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
        };
        let in_runtime_folder = || {
            let socket = format!("{}/bus", text("XDG_RUNTIME_DIR")?);
            std::fs::exists(&socket)
                .is_ok_and(|exists| exists)
                .then(|| format!("unix:path={socket}"))
        };
        Self { bus: text("DBUS_SESSION_BUS_ADDRESS").or_else(in_runtime_folder) }
    }

    /// Whether there is anybody to ask.
    pub(crate) fn can_be_asked(&self) -> bool {
        self.bus.is_some()
    }

    /// The keys in the store; `None` where it has none yet.
    ///
    /// # Errors
    /// When they cannot be had without a human.
    pub(crate) async fn read(&self) -> Result<Option<SealingKeys>, Unavailable> {
        let opened = self.open().await?;
        let Some(item) = opened.item().await? else { return Ok(None) };
        let mut secret = item.get_secret(&opened.session).await?;
        let keys = decode(&secret.value);
        secret.value.zeroize();
        keys.map(Some).ok_or_else(|| {
            Unavailable::Failed(format!("its item \"{LABEL}\" does not hold sealing keys"))
        })
    }

    /// Puts `keys` into the store, in place of those that it has.
    ///
    /// # Errors
    /// When that cannot be done without a human.
    pub(crate) async fn write(&self, keys: &SealingKeys) -> Result<(), Unavailable> {
        let opened = self.open().await?;
        let mut secret = SecretValue {
            session: opened.session.clone(),
            parameters: Vec::new(),
            value: STANDARD.encode(&*keys.encode()).into_bytes(),
            content_type: "text/plain".to_owned(),
        };
        let written = match opened.item().await? {
            Some(item) => item.set_secret(&secret).await.map_err(Unavailable::from),
            None => opened.create(&secret).await,
        };
        secret.value.zeroize();
        written
    }

    async fn open(&self) -> Result<Opened, Unavailable> {
        let bus = self.bus.as_deref().ok_or(Unavailable::NoBus)?;
        let connection = zbus::connection::Builder::address(bus).build().await;
        let connection = connection.map_err(|error| Unavailable::Absent(error.to_string()))?;
        let service = ServiceProxy::new(&connection).await?;
        // The bus is a socket of this user's. Who can listen there can ask the store as well.
        let opened = service.open_session("plain", &Variant::from("")).await;
        let (_, session) = opened.map_err(|error| absent(&error))?;
        Ok(Opened { connection, service, session })
    }
}

/// A session with the store.
struct Opened {
    connection: Connection,
    service: ServiceProxy<'static>,
    session: OwnedObjectPath,
}

impl Opened {
    /// The item that holds the keys, if there is one. Of several, which two machines on one store can
    /// have made at once, all take the same.
    async fn item(&self) -> Result<Option<ItemProxy<'_>>, Unavailable> {
        let found = self.service.search_items(HashMap::from(ATTRIBUTES)).await?;
        let (mut unlocked, locked) = found;
        unlocked.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        let Some(path) = unlocked.into_iter().next() else {
            return if locked.is_empty() { Ok(None) } else { Err(Unavailable::Locked) };
        };
        Ok(Some(ItemProxy::builder(&self.connection).path(path).build().await?))
    }

    async fn create(&self, secret: &SecretValue) -> Result<(), Unavailable> {
        let path = self.service.read_alias("default").await?;
        if path.as_str() == NOTHING {
            return Err(Unavailable::Absent("it has no default collection".to_owned()));
        }
        let collection = CollectionProxy::builder(&self.connection).path(path).build().await?;
        if collection.locked().await? {
            return Err(Unavailable::Locked);
        }
        let attributes: HashMap<String, String> =
            ATTRIBUTES.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(LABEL)),
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
        ]);
        let (_, prompt) = collection.create_item(properties, secret, false).await?;
        if prompt.as_str() == NOTHING { Ok(()) } else { Err(Unavailable::Locked) }
    }
}

fn decode(text: &[u8]) -> Option<SealingKeys> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    SealingKeys::decode(&bytes)
}

/// The bus knows nobody of that name, or cannot start whom it knows.
fn absent(error: &zbus::Error) -> Unavailable {
    Unavailable::Absent(said(error))
}

impl From<zbus::Error> for Unavailable {
    fn from(error: zbus::Error) -> Self {
        match error {
            zbus::Error::MethodError(name, ..) if name.as_str() == IS_LOCKED => Self::Locked,
            error => Self::Failed(said(&error)),
        }
    }
}

fn said(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(said), _) => said.clone(),
        error => error.to_string(),
    }
}

const LABEL: &str = "api-key-helper: the key that seals cached API keys";
/// How the item is found again.
const ATTRIBUTES: [(&str, &str); 2] = [("application", "api-key-helper"), ("use", "seal")];
/// The path that stands for none.
const NOTHING: &str = "/";
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";

/// A secret as it travels; with a plain session, without parameters.
#[derive(Deserialize, Serialize, Type)]
struct SecretValue {
    session: OwnedObjectPath,
    parameters: Vec<u8>,
    value: Vec<u8>,
    content_type: String,
}

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Service",
    default_service = "org.freedesktop.secrets",
    default_path = "/org/freedesktop/secrets"
)]
trait Service {
    fn open_session(
        &self,
        algorithm: &str,
        input: &Variant<'_>,
    ) -> zbus::Result<(OwnedVariant, OwnedObjectPath)>;

    fn search_items(
        &self,
        attributes: HashMap<&str, &str>,
    ) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)>;

    fn read_alias(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
}

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Collection",
    default_service = "org.freedesktop.secrets"
)]
trait Collection {
    fn create_item(
        &self,
        properties: HashMap<&str, Variant<'_>>,
        secret: &SecretValue,
        replace: bool,
    ) -> zbus::Result<(OwnedObjectPath, OwnedObjectPath)>;

    #[zbus(property(emits_changed_signal = "false"))]
    fn locked(&self) -> zbus::Result<bool>;
}

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Item",
    default_service = "org.freedesktop.secrets"
)]
trait Item {
    fn get_secret(&self, session: &ObjectPath<'_>) -> zbus::Result<SecretValue>;

    fn set_secret(&self, secret: &SecretValue) -> zbus::Result<()>;
}
