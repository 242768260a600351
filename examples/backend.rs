//! A backend that reads a key from a credential that systemd gives to a service (`LoadCredential=`).

use std::io::ErrorKind;
use std::path::PathBuf;

use api_key_helper_backend::{Attempt, Backend, Credential, Error, Key, SourceTable};
use async_trait::async_trait;
use serde::Deserialize;

/// The keys that such a source has beside those of every source.
#[derive(Deserialize)]
struct Table {
    /// The credential's name.
    credential: String,
}

/// The source that `table` describes. Only the shape is checked here: nothing is asked.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub(crate) fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    let Table { credential } = table.parse()?;
    if credential.is_empty() || credential.contains('/') {
        return Err(table
            .error("credential", format!("{credential:?} is not the name of a credential"))
            .with_hint(
                "write the name that stands before the `:` in the unit's `LoadCredential=`",
            ));
    }
    let folder = table.variable("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        table
            .error("credential", "systemd gives this program no credentials")
            .with_hint(format!("add `LoadCredential={credential}:/path` to the unit"))
    })?;
    Ok(Box::new(SystemdCredential { file: PathBuf::from(folder).join(credential) }))
}

/// A source whose key is in a file of systemd's.
#[derive(Debug)]
struct SystemdCredential {
    file: PathBuf,
}

#[async_trait]
impl Backend for SystemdCredential {
    async fn fetch(&self, _: &dyn Attempt) -> Result<Credential, Error> {
        let file = self.file.display();
        let text = std::fs::read_to_string(&self.file).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::not_found(format!("there is no credential `{file}`"))
                .with_hint("compare the name with the unit's `LoadCredential=`"),
            ErrorKind::PermissionDenied => Error::denied(format!("`{file}` cannot be read"))
                .with_hint("run as the user whom the unit's `User=` names"),
            _ => Error::transient(format!("cannot read `{file}`: {error}")),
        })?;
        // `why` tells what is wrong and where, and never quotes the text.
        let key = Key::parse(&text).map_err(|why| {
            Error::misconfigured(format!("the credential `{file}` is not a key: {why}"))
                .with_hint("let it hold the key alone, on one line")
        })?;
        Ok(Credential::new(key))
    }
}
