//! What a run of the worker does for who signs in and out.

use api_key_helper_core::engine::{LoggedIn, Source, forget, forget_key, login, logout};
use api_key_helper_core::{Error, Prompt};

use super::Session;
use crate::configured::Builder;

impl Session {
    /// Signs in to `source`, and forgets what came of the sign-in before. The account may be another
    /// one, so what depends on the source loses its renewals too: a Vault token that somebody else's
    /// sign-in was traded for would go on giving his keys. The inner result is about that.
    ///
    /// # Errors
    /// What the provider says, or that the sign-in cannot be kept.
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

    /// Signs out of `source`, and of what depends on it, after it: nobody renews that meanwhile. The
    /// inner results are those of the servers that did not take something back.
    ///
    /// # Errors
    /// When something is left.
    pub(crate) async fn logout(&self, source: &Source) -> Result<Vec<Error>, Error> {
        let mut refusals: Vec<Error> = self.give_back(source).await?.err().into_iter().collect();
        let mut forgotten = Ok(());
        for name in self.configuration.dependents(&source.planned.id.source) {
            let configured = self.configuration.source_alone(&name)?;
            // Where it cannot be built, nobody can be asked to take anything back.
            let done = match Builder::build_alone(&configured) {
                Ok(dependent) if !dependent.backend.has_login() => {
                    let given_back = self.give_back(&dependent).await;
                    given_back.map(|result| refusals.extend(result.err()))
                }
                _ => self.forget(&name).await,
            };
            forgotten = forgotten.and(done);
        }
        forgotten.map(|()| refusals)
    }

    async fn give_back(&self, source: &Source) -> Result<Result<(), Error>, Error> {
        let profile = &self.profile.name;
        self.in_world(async |world| logout(world, source, profile).await).await
    }

    /// Forgets what came of another source than `name` itself.
    async fn forget(&self, name: &str) -> Result<(), Error> {
        let configured = self.configuration.source_alone(name)?;
        let is_signed_in_to =
            Builder::build_alone(&configured).is_ok_and(|source| source.backend.has_login());
        self.in_world(async |world| match is_signed_in_to {
            true => forget_key(world, &configured.id).await,
            false => forget(world, &configured.id).await,
        })
        .await
    }

    /// The source that somebody wants to sign in to, which is one that people can sign in to.
    ///
    /// # Errors
    /// Misconfigured: there is none.
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

    /// The source that somebody wants to sign out of: `name`, whatever it is, else the profile's first
    /// one that people can sign in to, or that is used by one of its sources.
    ///
    /// # Errors
    /// Misconfigured: there is none.
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
        Builder::build_alone(&configured)
    }
}
