//! The credentials of a session: those kept from before, or new ones.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use api_key_helper_backend::text::{self, Form, TextError};
use api_key_helper_backend::{Error, Secret};
use api_key_helper_http::cause;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError;
use aws_sdk_sts as sts;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::os_shim_internal::Fs;

use super::{Identity, Session};
use crate::environment::{
    ACCESS_KEY_ID, CONTAINER_TOKEN, CONTAINER_TOKEN_FILE, SECRET_ACCESS_KEY, SESSION_TOKEN,
    TOKEN_FILE,
};
use crate::failure::Failure;
use crate::origin::{self, Means, Origin};
use crate::process::Process;
use crate::renewal::Renewal;
use crate::role::{Role, WebIdentity};
use crate::{files, sdk};

impl Session<'_> {
    /// Those kept from before as long as they live, else new ones.
    pub(super) async fn identity(&mut self) -> Result<Identity, Error> {
        let kept = Renewal::read(self.attempt.renewal()).credentials(self.attempt.now());
        match kept {
            Some(credentials) if self.has_region() => Ok(Identity { credentials, is_kept: true }),
            _ => self.new_identity().await,
        }
    }

    /// New ones, made durable if they are worth it: a role that was assumed need not be assumed
    /// again, whatever becomes of this attempt.
    pub(super) async fn new_identity(&mut self) -> Result<Identity, Error> {
        let credentials = self.obtain().await?;
        let renewal = Renewal::of(&credentials);
        if !renewal.is_empty() {
            // A disk that refuses is no reason to go without a key: the engine says so when it
            // saves.
            let _ = self.attempt.store_renewal(&renewal.to_secret()).await;
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
                let base = self.base_credentials().await?;
                self.check_region()?;
                base
            }
        };
        let base = self.signing(&base)?;
        match &settings.role {
            Some(role) => self.assume(role, base).await,
            None => Ok(base),
        }
    }

    /// `found` without what programs add around a value. What no request can be signed with is
    /// refused here: the SDK would panic.
    fn signing(&self, found: &Credentials) -> Result<Credentials, Error> {
        let part = |value: &str, name: &str, variable: &str| {
            let value = text::token(value).map(str::to_owned);
            value.map_err(|why| match &self.origin {
                Origin::Environment => self.unusable(&format!("the variable `{variable}`"), why),
                origin => self.unusable(&format!("the {name} from {origin}"), why),
            })
        };
        let token = found.session_token().filter(|token| !text::trim(token).is_empty());
        Ok(Credentials::new(
            part(found.access_key_id(), "access key id", ACCESS_KEY_ID)?,
            part(found.secret_access_key(), "secret access key", SECRET_ACCESS_KEY)?,
            token.map(|token| part(token, "session token", SESSION_TOKEN)).transpose()?,
            found.expiry(),
            "checked",
        ))
    }

    fn unusable(&self, place: &str, why: TextError) -> Error {
        Error::needs_login(format!("{place} {why}")).with_hint(self.origin.advice())
    }

    /// Returns the credentials of a profile's own program, else those that the SDK's chain finds.
    /// The machine's metadata service is asked last.
    async fn base_credentials(&mut self) -> Result<Credentials, Error> {
        match self.origin.clone() {
            Origin::Profile { name, means: Means::Process } => return self.run(&name).await,
            Origin::Profile { name, means: Means::Keys } => self.check_keys(&name)?,
            _ => self.show_tokens().await?,
        }
        let mut answer = self.ask_chain().await;
        let wants_machine = matches!(answer, Ok(None)) || self.origin.names_machine();
        if !matches!(answer, Ok(Some(_))) && wants_machine && self.turn_to_imds().await {
            answer = self.ask_chain().await;
        }
        answer?.ok_or_else(|| {
            if let Some(unread) = self.view.shared.unread() {
                return unread.clone();
            }
            let message = match &self.origin {
                Origin::Machine => "there are no aws credentials".to_owned(),
                origin => format!("there are no aws credentials from {origin}"),
            };
            Error::needs_login(message).with_hint(self.origin.advice())
        })
    }

    /// Runs the program of profile `name`, and assumes the roles that follow from there.
    async fn run(&self, name: &str) -> Result<Credentials, Error> {
        let profile = self.profiles.get_profile(name);
        let command = profile.and_then(|profile| profile.get("credential_process"));
        let time = sdk::time(self.attempt);
        let (command, chain) = (command.unwrap_or_default(), self.attempt.chain());
        let home = self.settings.environment.home();
        let process = Process { name, command, home: home.as_deref() };
        let mut credentials = process.credentials(chain, time).await?;
        for role in origin::roles(&self.profiles).iter().rev() {
            self.check_region()?;
            credentials = self.assume(role, credentials).await?;
        }
        Ok(credentials)
    }

    /// Checks the keys of profile `name`, with which the SDK itself signs where it assumes a role.
    fn check_keys(&self, name: &str) -> Result<(), Error> {
        let Some(profile) = self.profiles.get_profile(name) else { return Ok(()) };
        for key in ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"] {
            text::check(profile.get(key).unwrap_or_default(), Form::Token)
                .map_err(|why| self.unusable(&format!("`{key}` of profile `{name}`"), why))?;
        }
        Ok(())
    }

    /// Reads the tokens that the SDK is to send, and hands them to it.
    async fn show_tokens(&mut self) -> Result<(), Error> {
        let time = sdk::time(self.attempt);
        let environment = &self.settings.environment;
        match &self.origin {
            Origin::Container | Origin::Profile { means: Means::Elsewhere, .. } => {
                let token = match environment.get(CONTAINER_TOKEN_FILE) {
                    Some(file) => {
                        let advice = format!("renew the file that `{CONTAINER_TOKEN_FILE}` names");
                        files::token(Path::new(file), Form::Header, time, &advice).await?
                    }
                    None => match environment.get(CONTAINER_TOKEN) {
                        Some(token) => self.container_token(token)?,
                        None => return Ok(()),
                    },
                };
                self.view.environment = environment.clone().with_container_token(token.expose());
            }
            // Its tokens are refreshed there, too.
            Origin::Profile { means: Means::Sso, .. } => {
                if let Some(cache) = environment.expanded("~/.aws/sso/cache") {
                    files::refuse_special_files(&cache)?;
                }
                self.view.files = Fs::real();
            }
            origin => {
                let file = match origin {
                    Origin::TokenFile => environment.get(TOKEN_FILE),
                    Origin::Profile { name, means: Means::TokenFile } => self
                        .profiles
                        .get_profile(name)
                        .and_then(|profile| profile.get("web_identity_token_file")),
                    _ => None,
                };
                let Some(file) = file.map(PathBuf::from) else { return Ok(()) };
                let token = files::token(&file, Form::Line, time, &self.origin.advice()).await?;
                self.view.files = files::only([(file, token.expose().as_bytes())]);
            }
        }
        let region = self.sdk.region().map(ToString::to_string);
        self.look_again(region.as_deref()).await;
        Ok(())
    }

    fn container_token(&self, token: &str) -> Result<Secret, Error> {
        text::check(token, Form::Header)
            .map_err(|why| self.unusable(&format!("the variable `{CONTAINER_TOKEN}`"), why))?;
        Ok(Secret::from(token))
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
            _ => Error::transient(format!("{origin} gave no aws credentials: {}", cause(error)))
                .with_hint(origin.advice()),
        }
    }

    /// A service that the chain asked on behalf of a profile said no.
    fn refused(&self, failure: &Failure) -> Error {
        let origin = &self.origin;
        let (server, hint) = match origin {
            Origin::Profile { name, means: Means::Sso } => {
                ("aws sso", format!("ask for the role and the account that profile `{name}` names"))
            }
            _ => (
                "aws sts",
                format!("ask for `sts:AssumeRole` on the role, and that it trusts {origin}"),
            ),
        };
        let what = format!("give {origin} credentials");
        let asked = self.asked_of(server.to_owned(), "sts:AssumeRole", String::new(), what);
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
        Some(Failure::new(error, self.attempt.now()))
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

    /// The credentials of `role`, assumed with those of `base`.
    async fn assume(&self, role: &Role, base: Credentials) -> Result<Credentials, Error> {
        let asked = self
            .sts(Some(base))
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(&role.session_name)
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.duration)
            .send()
            .await;
        match asked {
            Ok(answer) => assumed(role, answer.credentials),
            Err(error) => {
                let id = if role.external_id.is_some() { ", with that external id" } else { "" };
                let (who, arn) = (&self.origin, &role.arn);
                let hint = format!(
                    "ask for `sts:AssumeRole` on `{arn}` for {who}, and that the role trusts it{id}"
                );
                let failure = Failure::new(&error, self.attempt.now());
                Err(self.unassumed(&failure, role, "sts:AssumeRole", hint))
            }
        }
    }

    /// The role of `web`, assumed by its token.
    async fn assume_by_token(&self, web: &WebIdentity) -> Result<Credentials, Error> {
        let role = &web.role;
        let token = self.attempt.resolve_as(&web.token, Form::Line).await?;
        let asked = self
            .sts(None)
            .assume_role_with_web_identity()
            .role_arn(&role.arn)
            .role_session_name(&role.session_name)
            .set_duration_seconds(role.duration)
            .web_identity_token(token.expose())
            .send()
            .await;
        match asked {
            Ok(answer) => assumed(role, answer.credentials),
            Err(error) => {
                let arn = &role.arn;
                let hint = format!(
                    "ask that `{arn}` trusts the issuer, the audience and the subject of the token"
                );
                let failure = Failure::new(&error, self.attempt.now());
                Err(self.unassumed(&failure, role, "sts:AssumeRoleWithWebIdentity", hint))
            }
        }
    }

    fn sts(&self, credentials: Option<Credentials>) -> sts::Client {
        if let Some(credentials) = &credentials {
            self.sent.add(credentials.secret_access_key());
        }
        let mut config = self.sdk.to_builder().timeout_config(self.timeouts());
        config.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        sts::Client::new(&config.build())
    }

    fn unassumed(
        &self,
        failure: &Failure,
        role: &Role,
        action: &'static str,
        hint: String,
    ) -> Error {
        let server = "aws sts".to_owned();
        let what = format!("let {} assume `{}`", self.origin, role.arn);
        let error = failure.error(&self.asked_of(server, action, role.arn.clone(), what));
        if failure.is_forbidden() { error.with_hint(hint) } else { error }
    }
}

fn assumed(role: &Role, answer: Option<sts::types::Credentials>) -> Result<Credentials, Error> {
    let credentials = answer.and_then(|answer| {
        let expires_at = SystemTime::try_from(answer.expiration).ok()?;
        Some(Credentials::new(
            answer.access_key_id,
            answer.secret_access_key,
            Some(answer.session_token),
            Some(expires_at),
            "assumed",
        ))
    });
    credentials.ok_or_else(|| {
        Error::transient(format!("aws sts gave no credentials for `{}`", role.arn))
            .with_hint("another server may stand in its place: check `AWS_ENDPOINT_URL_STS`")
    })
}
