//! A backend that reads a key from a credential that systemd gives to a service
//! (`LoadCredential=`).

use std::io::ErrorKind;
use std::path::PathBuf;

use api_key_helper_backend::{
    Attempt, Backend, Credential, Error, Key, Question, Registration, SourceTable, async_trait,
};
use serde::Deserialize;

/// Everything that a program needs to know of this backend.
pub const REGISTRATION: Registration =
    Registration::new("systemd", "a credential of a systemd service", build)
        .with_template("[source.systemd]\nbackend = \"systemd\"\n\ncredential = \"api-key\"\n")
        .with_questions(&[Question::text("credential", "Name of the credential")]);

/// The settings of such a source beside those of every source.
#[derive(Deserialize)]
struct Table {
    /// The credential's name.
    credential: String,
}

/// Builds a source from its table. Only the shape is checked here: nothing is asked.
fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
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
        // `why` says what is wrong and where, and never quotes the text.
        let key = Key::parse(&text).map_err(|why| {
            Error::misconfigured(format!("the credential `{file}` is not a key: {why}"))
                .with_hint("let it hold the key alone, on one line")
        })?;
        Ok(Credential::new(key))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use api_key_helper_backend::testing::FakeEngine;
    use api_key_helper_backend::{ErrorKind, Variables};

    use super::*;

    fn built(toml: &str, folder: &str) -> Result<Box<dyn Backend>, Error> {
        let folder = ("CREDENTIALS_DIRECTORY".to_owned(), folder.to_owned());
        let table = SourceTable::from_toml("s", toml, Path::new("/conf"), [folder].into());
        build(&table.unwrap())
    }

    #[tokio::test]
    async fn systemd_credential_is_read_at_each_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let backend = built("credential = 'key'", folder.path().to_str().unwrap()).unwrap();
        let mut engine = FakeEngine::default();
        let error = engine.fetch(&*backend).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        for key in ["sk-first", "sk-second"] {
            std::fs::write(folder.path().join("key"), format!("{key}\n")).unwrap();
            assert_eq!(engine.fetch(&*backend).await.unwrap().key.expose(), key);
        }
    }

    #[tokio::test]
    async fn systemd_credential_that_is_no_key_is_misconfigured_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "two words").unwrap();
        let backend = built("credential = 'key'", folder.path().to_str().unwrap()).unwrap();
        let mut engine = FakeEngine::default();
        engine.hide("two words");
        let error = engine.fetch(&*backend).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }

    #[test]
    fn unknown_or_wrong_setting_is_misconfigured_with_its_place() {
        let refused = |toml: &str| built(toml, "/run/credentials/u").unwrap_err().report();
        assert!(
            refused("credential = '../key'").contains("config.toml:1:1: `source.s.credential`")
        );
        assert!(refused("credentials = 'key'").contains("did you mean `credential`?"));
    }

    #[test]
    fn systemd_without_credentials_hints_the_line_for_the_unit() {
        let table = "credential = 'key'";
        let table = SourceTable::from_toml("s", table, Path::new("/conf"), Variables::new());
        let error = build(&table.unwrap()).unwrap_err();
        assert!(error.report().contains("add `LoadCredential=key:/path`"), "{}", error.report());
    }
}
