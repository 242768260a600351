//! Credentials of AWS: those kept from before, or new ones.

use std::error::Error as StdError;

use api_key_helper_core::Error;
use api_key_helper_http::cause;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::config::{Credentials, ProvideCredentials};
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::failure::Failure;
use crate::origin::{Means, Origin};
use crate::renewal::Renewal;
use crate::session::{Identity, Session};

impl Session<'_> {
    /// Those kept from before as long as they live, else new ones.
    pub(crate) async fn identity(&mut self) -> Result<Identity, Error> {
        let kept = Renewal::read(self.request.renewal()).credentials(self.request.now());
        match kept {
            Some(credentials) if self.has_region() => Ok(Identity { credentials, is_kept: true }),
            _ => self.new_identity().await,
        }
    }

    /// New ones, made durable if they are worth it: a role that was assumed need not be assumed
    /// again, whatever becomes of this attempt.
    pub(crate) async fn new_identity(&mut self) -> Result<Identity, Error> {
        let credentials = self.obtain().await?;
        let renewal = Renewal::of(&credentials);
        if !renewal.is_empty() {
            // A disk that refuses is no reason to go without a key: the engine says so when it
            // saves.
            let _ = self.request.keep(&renewal.to_secret()).await;
        }
        Ok(Identity { credentials, is_kept: false })
    }

    async fn obtain(&mut self) -> Result<Credentials, Error> {
        let settings = self.settings;
        let base = match &settings.web_identity {
            Some(web) => {
                self.check_region()?;
                self.assume_by_token(web).await?
            }
            None => {
                let base = self.found().await?;
                self.check_region()?;
                base
            }
        };
        match &settings.role {
            Some(role) => self.assume(role, base).await,
            None => Ok(base),
        }
    }

    /// What the SDK's chain finds. The machine's metadata service is asked after everything else.
    async fn found(&mut self) -> Result<Credentials, Error> {
        let mut answer = self.ask_chain().await;
        let wants_machine = matches!(answer, Ok(None)) || self.origin.names_machine();
        if !matches!(answer, Ok(Some(_))) && wants_machine && self.turn_to_imds().await {
            answer = self.ask_chain().await;
        }
        answer?.ok_or_else(|| {
            let message = match &self.origin {
                Origin::Machine => "there are no aws credentials".to_owned(),
                origin => format!("there are no aws credentials from {origin}"),
            };
            Error::needs_login(message).with_hint(self.origin.advice())
        })
    }

    async fn ask_chain(&self) -> Result<Option<Credentials>, Error> {
        let Some(provider) = self.sdk.credentials_provider() else { return Ok(None) };
        match provider.provide_credentials().await {
            Ok(credentials) => Ok(Some(credentials)),
            Err(CredentialsError::CredentialsNotLoaded(_)) => Ok(None),
            Err(error) => Err(self.unfound(&error)),
        }
    }

    /// Why the chain broke off: a service that it asked said no, or something nearer is wrong.
    fn unfound(&self, error: &CredentialsError) -> Error {
        let origin = &self.origin;
        if let Some(failure) = self.failure(error) {
            return self.refused(&failure);
        }
        match (error, origin) {
            // The SDK's support for it would bring a second stack of cryptography.
            (_, Origin::Profile { means: Means::Login, .. }) => Error::misconfigured(format!(
                "{origin} logs in by `aws login`, which is not supported"
            ))
            .with_hint(origin.advice()),
            (CredentialsError::InvalidConfiguration(_), _) => Error::misconfigured(format!(
                "{origin} has no credentials to give: {}",
                cause(error)
            ))
            .with_hint("look at `~/.aws/config` and `~/.aws/credentials`"),
            (_, Origin::Profile { means: Means::Sso, .. }) => {
                Error::needs_login(format!("the sso session of {origin} has ended, or never began"))
                    .with_hint(origin.advice())
            }
            // What it wrote may hold anything.
            (_, Origin::Profile { means: Means::Process, .. }) => {
                Error::transient(format!("the `credential_process` of {origin} failed"))
                    .with_hint(format!("{} to see why", origin.advice()))
            }
            (_, Origin::TokenFile | Origin::Profile { means: Means::TokenFile, .. }) => {
                Error::misconfigured(format!(
                    "the token of {origin} cannot be read: {}",
                    cause(error)
                ))
                .with_hint(origin.advice())
            }
            _ => Error::transient(format!("{origin} gave no aws credentials: {}", cause(error)))
                .with_hint(origin.advice()),
        }
    }

    /// A service that the chain asked on behalf of a profile said no.
    fn refused(&self, failure: &Failure) -> Error {
        let origin = &self.origin;
        let (whom, hint) = match origin {
            Origin::Profile { name, means: Means::Sso } => {
                ("aws sso", format!("ask for the role and the account that profile `{name}` names"))
            }
            _ => (
                "aws sts",
                format!("ask for `sts:AssumeRole` on the role, and that it trusts {origin}"),
            ),
        };
        let what = format!("give {origin} credentials");
        let asked = self.asked_of(whom.to_owned(), "sts:AssumeRole", String::new(), what);
        let error = failure.error(&asked);
        if failure.is_forbidden() { error.with_hint(hint) } else { error }
    }

    fn failure(&self, error: &(dyn StdError + 'static)) -> Option<Failure> {
        let mut next = Some(error);
        while let Some(error) = next {
            let found = self
                .failure_of::<AssumeRoleError>(error)
                .or_else(|| self.failure_of::<AssumeRoleWithWebIdentityError>(error))
                .or_else(|| self.failure_of::<GetRoleCredentialsError>(error));
            if found.is_some() {
                return found;
            }
            next = error.source();
        }
        None
    }

    fn failure_of<E>(&self, error: &(dyn StdError + 'static)) -> Option<Failure>
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let error = error.downcast_ref::<SdkError<E, HttpResponse>>()?;
        Some(Failure::new(error, self.request.now()))
    }

    fn has_region(&self) -> bool {
        !self.region().is_empty()
    }

    fn check_region(&self) -> Result<(), Error> {
        if self.has_region() {
            return Ok(());
        }
        Err(Error::misconfigured("there is no aws region")
            .with_hint("set `region` of the source, or `AWS_REGION`"))
    }
}
