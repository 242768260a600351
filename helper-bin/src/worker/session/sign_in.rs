//! What a run of the worker does for who signs in and out.

use api_key_helper_core::engine::{LoggedIn, Source, login, logout};
use api_key_helper_core::{Error, Prompt};

use super::Session;
use crate::configured::build;

impl Session {
    /// Signs in to `source`.
    pub(crate) async fn login(
        &self,
        source: &Source,
        prompt: &dyn Prompt,
    ) -> Result<LoggedIn, Error> {
        let profile = &self.profile.name;
        self.in_world(async |world| login(world, source, profile, prompt).await).await
    }

    /// Signs out of `source`. The inner result is the server's.
    pub(crate) async fn logout(&self, source: &Source) -> Result<Result<(), Error>, Error> {
        let profile = &self.profile.name;
        self.in_world(async |world| logout(world, source, profile).await).await
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
    /// one that people can sign in to.
    ///
    /// # Errors
    /// Misconfigured: there is none.
    pub(crate) fn source_to_sign_out_of(&self, name: Option<&str>) -> Result<Source, Error> {
        let name = match name {
            Some(name) => name,
            None => self
                .sources
                .iter()
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
        build(configured, &mut Vec::new())
    }
}
