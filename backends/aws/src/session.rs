//! One attempt.

use std::path::Path;

use api_key_helper_core::{Credential, Error, FetchRequest};
use aws_config::SdkConfig;
use aws_config::profile::{self, ProfileSet};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{
    Config, Credentials, SharedCredentialsProvider, SharedHttpClient,
};
use aws_types::os_shim_internal::Fs;
use aws_types::sdk_config::TimeoutConfig;

use crate::config::Settings;
use crate::environment::CA_BUNDLE;
use crate::failure::Asked;
use crate::imds::Imds;
use crate::origin::Origin;
use crate::renewal::Renewal;
use crate::{connector, sdk, tls};

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) request: FetchRequest<'a>,
    pub(crate) sdk: SdkConfig,
    /// Where credentials will come from.
    pub(crate) origin: Origin,
    http: SharedHttpClient,
    imds: Imds,
    /// The SDK was told that it may ask the machine.
    is_far: bool,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) credentials: Credentials,
    /// From an attempt before.
    pub(crate) is_kept: bool,
}

impl<'a> Session<'a> {
    /// Reads what the environment and the shared files say. The machine is asked only where they do
    /// not say in which region it is.
    pub(crate) async fn open(
        settings: &'a Settings,
        request: FetchRequest<'a>,
    ) -> Result<Self, Error> {
        let profiles = profiles(settings).await?;
        let environment = &settings.environment;
        let bundle = environment.get(CA_BUNDLE).map(Path::new);
        let http = connector::client(&tls::context(bundle)?);
        let near = environment.env_without_imds();
        let sdk =
            sdk::config(settings, &request, near.clone(), settings.region.as_deref(), &http).await;
        let has_web = settings.web_identity.is_some();
        let origin = Origin::find(environment, &profiles, has_web);
        let imds = Imds::find(environment, &profiles);
        let mut session = Self { settings, request, sdk, origin, http, imds, is_far: false };
        if session.sdk.region().is_none() {
            match settings.target.secret.region() {
                None => {
                    session.turn_to_imds().await;
                }
                region => {
                    session.sdk =
                        sdk::config(settings, &request, near, region, &session.http).await;
                }
            }
        }
        Ok(session)
    }

    /// Reads the key with credentials that live.
    pub(crate) async fn fetch(mut self) -> Result<Credential, Error> {
        let mut identity = self.identity().await?;
        let output = loop {
            match self.read(&identity).await {
                Ok(output) => break output,
                // Those of now may be others: the profile was changed, or its role replaced.
                Err(failure) if identity.is_kept && failure.blames_credentials() => {
                    identity = self.new_identity().await?;
                }
                Err(failure) => return Err(self.unread(&failure)),
            }
        };
        let key = self.settings.target.key(output)?;
        let refresh_at = match self.settings.rotation_aware {
            true => self.rotates_at(&identity).await?,
            false => None,
        };
        let renewal = Renewal::of(&identity.credentials);
        let is_due = !renewal.is_empty() || self.request.renewal().is_some();
        let renewal = is_due.then(|| renewal.to_secret());
        Ok(Credential { refresh_at, renewal, ..Credential::new(key) })
    }

    /// Lets the SDK ask the machine's metadata service, if that answers. False when it does not, or
    /// when the SDK might have asked before.
    pub(crate) async fn turn_to_imds(&mut self) -> bool {
        if self.is_far || !self.imds.answers(&self.http).await {
            return false;
        }
        let settings = self.settings;
        let region = settings.region.as_deref().or(settings.target.secret.region());
        let env = settings.environment.env();
        self.sdk = sdk::config(settings, &self.request, env, region, &self.http).await;
        self.is_far = true;
        true
    }

    /// A client that signs as `identity`, in the region of the secret.
    pub(crate) fn secrets_manager(&self, identity: &Identity) -> Client {
        let provider = SharedCredentialsProvider::new(identity.credentials.clone());
        let region = aws_config::Region::new(self.region().to_owned());
        let mut config = Config::from(&self.sdk)
            .to_builder()
            .credentials_provider(provider)
            .region(region)
            .timeout_config(self.timeouts());
        if let Some(endpoint) = &self.settings.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Client::from_conf(config.build())
    }

    /// Where the secret is.
    pub(crate) fn region(&self) -> &str {
        let region = self.sdk.region().map(AsRef::as_ref);
        self.settings.target.secret.region().or(region).unwrap_or_default()
    }

    /// What is asked of Secrets Manager, in words.
    pub(crate) fn asked(&self, action: &'static str, what: String) -> Asked {
        let whom = match &self.settings.endpoint {
            Some(endpoint) => format!("aws secrets manager at `{endpoint}`"),
            None => format!("aws secrets manager in `{}`", self.region()),
        };
        let resource = self.settings.target.secret.resource(self.region());
        self.asked_of(whom, action, resource, what)
    }

    /// What is asked of `whom`, in words.
    pub(crate) fn asked_of(
        &self,
        whom: String,
        action: &'static str,
        resource: String,
        what: String,
    ) -> Asked {
        let who = self.origin.to_string();
        Asked { action, resource, what, whom, who, advice: self.origin.advice() }
    }

    /// For a request that is sent now.
    pub(crate) fn timeouts(&self) -> TimeoutConfig {
        sdk::timeouts(&self.request)
    }
}

/// The shared files. A profile that the source names must be there.
async fn profiles(settings: &Settings) -> Result<ProfileSet, Error> {
    let env = settings.environment.env();
    let name = settings.profile.clone().map(Into::into);
    let profiles =
        profile::load(&Fs::real(), &env, &Default::default(), name).await.map_err(|error| {
            Error::misconfigured(format!("the shared files of aws cannot be read: {error}"))
                .with_hint("look at `~/.aws/config` and `~/.aws/credentials`")
        })?;
    match &settings.profile {
        Some(name) if profiles.get_profile(name).is_none() => {
            Err(Error::misconfigured(format!("there is no profile `{name}` in the shared files"))
                .with_hint("see the profiles that there are: `aws configure list-profiles`"))
        }
        _ => Ok(profiles),
    }
}
