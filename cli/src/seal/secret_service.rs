//! The Secret Service: GNOME Keyring, KWallet, KeePassXC
//! (<https://specifications.freedesktop.org/secret-service/latest/>).
//!
//! Its clients on crates.io open every prompt that the service asks for. A helper must not prompt,
//! so this module makes the few calls by hand, and declines a prompt. `zbus`'s proxies are left
//! out: they follow properties and name owners, which a short-lived process does not need, and are
//! a quarter of the code that speaks to the bus.

use std::collections::HashMap;
use std::ffi::OsString;

use api_key_helper_cache::SealingKeys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zbus::message::Body;
use zbus::{Connection, DynamicType, OwnedObjectPath, OwnedVariant, Type, Variant};
use zeroize::{Zeroize as _, Zeroizing};

use super::unavailable::Unavailable;
use crate::environment::Environment;

/// The address of the store's bus.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    bus: Option<String>,
}

impl Store {
    /// The store on the caller's session bus, if there is one.
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

    /// Returns whether there is a bus to ask on.
    pub(crate) fn can_be_asked(&self) -> bool {
        self.bus.is_some()
    }

    /// Reads the keys without a prompt; `None` if the store has none yet.
    pub(crate) async fn read(&self) -> Result<Option<SealingKeys>, Unavailable> {
        let opened = self.open().await?;
        let Some(item) = opened.item().await? else { return Ok(None) };
        let answer =
            call(&opened.connection, &item, ITEM, "GetSecret", &(&opened.session,)).await?;
        let mut secret: SecretValue = answer.deserialize()?;
        let keys = decode(&secret.value);
        secret.value.zeroize();
        keys.map(Some).ok_or_else(|| {
            Unavailable::Failed(format!("its item \"{LABEL}\" does not hold sealing keys"))
        })
    }

    /// Replaces the keys in the store, without a prompt.
    pub(crate) async fn write(&self, keys: &SealingKeys) -> Result<(), Unavailable> {
        let opened = self.open().await?;
        let mut secret = SecretValue {
            session: opened.session.clone(),
            parameters: Vec::new(),
            value: STANDARD.encode(&*keys.encode()).into_bytes(),
            content_type: "text/plain".to_owned(),
        };
        let written = match opened.item().await? {
            Some(item) => opened.replace(&item, &secret).await,
            None => opened.create(&secret).await,
        };
        secret.value.zeroize();
        written
    }

    async fn open(&self) -> Result<StoreSession, Unavailable> {
        let bus = self.bus.as_deref().ok_or(Unavailable::NoBus)?;
        let connection = zbus::connection::Builder::address(bus).build().await;
        let connection = connection.map_err(|error| Unavailable::Absent(error.to_string()))?;
        // The bus is a socket of this user. A process that can listen there can also ask the store.
        let plain = ("plain", Variant::from(""));
        let opened = call(&connection, STORE, SERVICE, "OpenSession", &plain).await;
        let answer = opened.map_err(|error| absent(&error))?;
        let (_, session): (OwnedVariant, OwnedObjectPath) = answer.deserialize()?;
        Ok(StoreSession { connection, session })
    }
}

/// A session with the store.
struct StoreSession {
    connection: Connection,
    session: OwnedObjectPath,
}

impl StoreSession {
    /// The item with the keys, if there is one. Two machines on one store may have created several
    /// at once: all processes pick the same one.
    async fn item(&self) -> Result<Option<OwnedObjectPath>, Unavailable> {
        let attributes = (HashMap::from(ATTRIBUTES),);
        let answer = call(&self.connection, STORE, SERVICE, "SearchItems", &attributes).await?;
        let (mut unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            answer.deserialize()?;
        unlocked.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        match unlocked.into_iter().next() {
            None if !locked.is_empty() => Err(Unavailable::Locked),
            item => Ok(item),
        }
    }

    async fn replace(&self, item: &str, secret: &SecretValue) -> Result<(), Unavailable> {
        call(&self.connection, item, ITEM, "SetSecret", &(secret,)).await?;
        Ok(())
    }

    async fn create(&self, secret: &SecretValue) -> Result<(), Unavailable> {
        let answer = call(&self.connection, STORE, SERVICE, "ReadAlias", &("default",)).await?;
        let collection: OwnedObjectPath = answer.deserialize()?;
        if collection.as_str() == NOTHING {
            return Err(Unavailable::Absent("it has no default collection".to_owned()));
        }
        let locked =
            call(&self.connection, &collection, PROPERTIES, "Get", &(COLLECTION, "Locked")).await?;
        let locked: OwnedVariant = locked.deserialize()?;
        if bool::try_from(locked)? {
            return Err(Unavailable::Locked);
        }
        let attributes: HashMap<String, String> =
            ATTRIBUTES.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(LABEL)),
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
        ]);
        let item = (properties, secret, false);
        let answer = call(&self.connection, &collection, COLLECTION, "CreateItem", &item).await?;
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = answer.deserialize()?;
        if prompt.as_str() == NOTHING { Ok(()) } else { Err(Unavailable::Locked) }
    }
}

async fn call(
    connection: &Connection,
    object: &str,
    interface: &str,
    method: &str,
    arguments: &(impl Serialize + DynamicType),
) -> zbus::Result<Body> {
    let answer =
        connection.call_method(Some(ON_THE_BUS), object, Some(interface), method, arguments);
    Ok(answer.await?.body())
}

fn decode(text: &[u8]) -> Option<SealingKeys> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    SealingKeys::decode(&bytes)
}

/// The error for a bus that does not know the service, or cannot start it.
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

const ON_THE_BUS: &str = "org.freedesktop.secrets";
const STORE: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const LABEL: &str = "api-key-helper: the key that seals cached API keys";
/// The attributes by which the item is found.
const ATTRIBUTES: [(&str, &str); 2] = [("application", "api-key-helper"), ("use", "seal")];
/// The object path that means "none".
const NOTHING: &str = "/";
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";

/// A secret on the bus. A plain session has no parameters.
#[derive(Deserialize, Serialize, Type)]
struct SecretValue {
    session: OwnedObjectPath,
    parameters: Vec<u8>,
    value: Vec<u8>,
    content_type: String,
}
