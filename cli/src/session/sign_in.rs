//! Signing in and out.

use std::io;
use std::path::Path;

use api_key_helper_backend::Prompt;
use api_key_helper_cache::{EntryId, PlannedSource, housekeeping};
use api_key_helper_core::{LoggedIn, Source, discard, forget, forget_key, login, logout, unopened};
use api_key_helper_system::advice;
use api_key_helper_values::Error;

use super::Session;
use crate::session::configured::Builder;

impl Session {
    /// Signs in to `source`, and forgets the results of the previous sign-in. The account may be
    /// another one, so dependent sources lose their backend state too: a Vault token obtained with
    /// the previous account would keep giving that account's keys. The inner result is about those
    /// sources.
    pub(crate) async fn login(
        &self,
        source: &Source,
        prompt: &dyn Prompt,
    ) -> Result<(LoggedIn, Result<(), Error>), Error> {
        let profile = &self.profile.name;
        let logged_in =
            self.in_world(async |world| login(world, source, profile, prompt).await).await?;
        let mut forgotten = Ok(());
        for name in self.configuration.dependents(&source.planned.id.source) {
            let done = self.forget(&name).await;
            forgotten = forgotten.and(done);
        }
        Ok((logged_in, forgotten))
    }

    /// Signs out of `source`, for all settings and environments, then of the sources that depend on
    /// it. In this order no other process can renew those in between. The returned errors say what
    /// was not revoked. Nothing is removed while an entry cannot be read.
    pub(crate) async fn logout(&self, source: &Source) -> Result<Vec<Error>, Error> {
        let mut refusals = self.give_back(source).await?;
        let mut forgotten = Ok(());
        for name in self.configuration.dependents(&source.planned.id.source) {
            let configured = self.configuration.source_alone(&name)?;
            // A source that cannot be built has no server to revoke anything at.
            let done = match Builder::build_alone(&configured, &self.environment, self.backends) {
                Ok(dependent) if !dependent.backend.has_login() => {
                    self.give_back(&dependent).await.map(|others| refusals.extend(others))
                }
                _ => self.forget(&name).await,
            };
            forgotten = forgotten.and(done);
        }
        forgotten.map(|()| refusals)
    }

    /// Revokes what each entry of a source holds, and removes all files of the source.
    async fn give_back(&self, source: &Source) -> Result<Vec<Error>, Error> {
        let (own, profile) = (&source.planned, &self.profile.name);
        let mut refusals = Vec::new();
        for id in self.ids(&own.id)? {
            let of_entry = Source {
                planned: PlannedSource { id, variables: own.variables.clone() },
                ..source.clone()
            };
            let result =
                self.in_world(async |world| logout(world, &of_entry, profile).await).await?;
            refusals.extend(result.err());
        }
        // The remaining files were set aside, or have another version or another sealing key.
        let mut left = self.files_of(&own.id.source)?;
        left.retain(|file| !file.ends_with(".lock"));
        for file in left {
            if !file.ends_with(".failure") {
                refusals.push(unopened(&own.id));
            }
            self.in_world(async |world| discard(world, &file).await).await?;
        }
        Ok(refusals)
    }

    /// The identities of all entries of the source of `own`, with `own` first. Fails if an entry
    /// cannot be read: its sign-in must not be removed without revocation.
    fn ids(&self, own: &EntryId) -> Result<Vec<EntryId>, Error> {
        let mut ids = vec![own.clone()];
        for file in self.files_of(&own.source)? {
            if !file.ends_with(".entry") {
                continue;
            }
            let content = self.folder.read(&file).map_err(|error| {
                error.into_error(|error| unreadable(&self.folder.path().join(&file), error))
            })?;
            let id = content.and_then(|content| EntryId::of_entry_file(&file, &content));
            ids.extend(id.filter(|id| !ids.contains(id)));
        }
        Ok(ids)
    }

    fn files_of(&self, source: &str) -> Result<Vec<String>, Error> {
        self.listed(housekeeping::files_of(&self.folder, source))
    }

    /// Forgets the entries of a dependent source, in all environments. A source with its own
    /// sign-in keeps it and loses only its key.
    async fn forget(&self, name: &str) -> Result<(), Error> {
        let configured = self.configuration.source_alone(name)?;
        let built = Builder::build_alone(&configured, &self.environment, self.backends);
        let is_signed_in_to = built.as_ref().is_ok_and(|source| source.backend.has_login());
        let own = built.map_or_else(|_| configured.id.clone(), |source| source.planned.id);
        let mut forgotten = Ok(());
        for id in self.ids(&own)? {
            let done = self
                .in_world(async |world| match is_signed_in_to {
                    true => forget_key(world, &id).await,
                    false => forget(world, &id).await,
                })
                .await;
            forgotten = forgotten.and(done);
        }
        forgotten
    }

    /// The source to sign in to. It must support login.
    pub(crate) fn source_to_sign_in_to(&self, name: Option<&str>) -> Result<Source, Error> {
        let source = self.source_to_sign_out_of(name)?;
        if !source.backend.has_login() {
            let (name, backend) = (&source.planned.id.source, &source.backend_name);
            return Err(Error::misconfigured(format!(
                "people do not sign in to source `{name}` of backend `{backend}`: it gets its keys \
                 by itself"
            ))
            .with_hint("name another source, see `api-key-helper status`"));
        }
        Ok(source)
    }

    /// The source to sign out of: `name`, of any kind, or else the first one with a login among the
    /// profile's sources and those that they use.
    pub(crate) fn source_to_sign_out_of(&self, name: Option<&str>) -> Result<Source, Error> {
        let name = match name {
            Some(name) => name,
            None => self
                .all_sources()
                .into_iter()
                .find(|source| source.backend.has_login())
                .map(|source| source.planned.id.source.as_str())
                .ok_or_else(|| {
                    let profile = &self.profile.name;
                    Error::misconfigured(format!(
                        "profile `{profile}` has no source that people sign in to"
                    ))
                    .with_hint("name one with `--source`, see `api-key-helper status`")
                })?,
        };
        let configured = self.configuration.source_alone(name)?;
        Builder::build_alone(&configured, &self.environment, self.backends)
    }
}

fn unreadable(entry: &Path, error: &io::Error) -> Error {
    Error::transient(format!("cannot read `{}`: {error}", entry.display())).with_hint(format!(
        "look at it with `{}`; or run `{}`, and revoke its sign-in at the provider",
        advice::look_at(entry),
        advice::remove(entry)
    ))
}
