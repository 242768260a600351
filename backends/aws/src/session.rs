//! One attempt.

mod credentials;

use std::path::Path;
use std::time::SystemTime;

use api_key_helper_backend::{Attempt, Credential, Error};
use api_key_helper_http::{self as http, pem};
use aws_config::SdkConfig;
use aws_config::profile::ProfileSet;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{
    Config, Credentials, SharedCredentialsProvider, SharedHttpClient,
};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_types::sdk_config::TimeoutConfig;

use crate::answer::Verdict;
use crate::clock::Clock;
use crate::config::Settings;
use crate::environment::CA_BUNDLE;
use crate::failure::{Asked, Failure};
use crate::files::{self, SharedFiles};
use crate::imds::Imds;
use crate::origin::Origin;
use crate::renewal::Renewal;
use crate::sdk::View;
use crate::sent_secrets::SentSecrets;
use crate::target::Target;
use crate::{connector, sdk};

/// What one attempt works with.
pub(crate) struct Session<'a> {
    settings: &'a Settings,
    attempt: &'a dyn Attempt,
    sdk: SdkConfig,
    /// Where credentials will come from.
    origin: Origin,
    profiles: ProfileSet,
    /// The part of the machine that the SDK was shown.
    view: View,
    pub(crate) sent: SentSecrets,
    http: SharedHttpClient,
    imds: Imds,
}

/// Who asks.
#[derive(Clone, Debug)]
struct Identity {
    credentials: Credentials,
    /// From an attempt before.
    is_kept: bool,
}

impl<'a> Session<'a> {
    /// Reads what the environment and the shared files say. The machine is asked only where they do
    /// not say in which region it is.
    pub(crate) async fn open(
        settings: &'a Settings,
        attempt: &'a dyn Attempt,
    ) -> Result<Self, Error> {
        let environment = &settings.environment;
        let shared = SharedFiles::read(environment, sdk::time(attempt)).await?;
        let profiles = profiles(settings, &shared).await?;
        let sent = SentSecrets::default();
        let bundle = environment.get(CA_BUNDLE).map(Path::new);
        let roots = bundle.map(|bundle| pem::authorities(bundle, attempt)).transpose();
        let roots = roots.map_err(|error| error.or_hint(connector::HINT))?.unwrap_or_default();
        let time = sdk::time(attempt);
        let http = connector::client(roots, settings.proxies.clone(), time, sent.clone());
        let (environment, has_imds) = (environment.clone(), false);
        let view = View { environment, shared, files: files::only([]), has_imds };
        let profile = settings.profile.as_deref();
        let sdk = sdk::config(profile, attempt, &view, settings.region.as_deref(), &http).await;
        let environment = &settings.environment;
        let has_web = settings.web_identity.is_some();
        let origin = Origin::find(environment, &profiles, has_web);
        let imds = Imds::find(environment, &profiles);
        let mut session = Self { settings, attempt, sdk, origin, profiles, view, sent, http, imds };
        if session.sdk.region().is_none() {
            match settings.target.secret.region() {
                None => {
                    session.turn_to_imds().await;
                }
                region => session.look_again(region).await,
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
        let is_due = !renewal.is_empty() || self.attempt.renewal().is_some();
        let renewal = is_due.then(|| renewal.to_secret());
        Ok(Credential::new(key).with_refresh_at(refresh_at).with_renewal(renewal))
    }

    /// The secret's value, as `identity` may read it.
    async fn read(&self, identity: &Identity) -> Result<GetSecretValueOutput, Failure> {
        let Target { secret, version, .. } = &self.settings.target;
        self.secrets_manager(identity)
            .get_secret_value()
            .secret_id(secret.text())
            .set_version_stage(version.stage.clone())
            .set_version_id(version.id.clone())
            .send()
            .await
            .map_err(|error| Failure::new(&error, self.attempt.now()))
    }

    /// The error that [`Session::read`]'s failure is.
    fn unread(&self, failure: &Failure) -> Error {
        let secret = &self.settings.target.secret;
        let asked = self.asked("secretsmanager:GetSecretValue", format!("read {secret}"));
        let error = failure.error(&asked);
        let Failure::Answer(answer) = failure else { return error };
        let command = |verb: &str| {
            let region = self.region();
            format!("`aws secretsmanager {verb} --secret-id {} --region {region}`", secret.text())
        };
        let said = answer.message.as_deref().unwrap_or_default();
        match answer.verdict() {
            Verdict::Absent if said.contains("stag") || said.contains("ersion") => {
                error.with_hint(format!("see its versions: {}", command("list-secret-version-ids")))
            }
            Verdict::Absent => error.with_hint(format!(
                "check `secret_id` and the region: `aws secretsmanager list-secrets --region {}`",
                self.region()
            )),
            Verdict::Deleted => {
                error.with_hint(format!("bring it back: {}", command("restore-secret")))
            }
            _ => error,
        }
    }

    /// When Secrets Manager will have rotated the secret at the latest, if it is to. A version that
    /// is pending until then is of no concern: what is read is what is current.
    ///
    /// The key is there by now, so what passes by itself is no reason to go without it. But a right
    /// that is missing is missing every time.
    async fn rotates_at(&self, identity: &Identity) -> Result<Option<SystemTime>, Error> {
        let secret = &self.settings.target.secret;
        let described =
            self.secrets_manager(identity).describe_secret().secret_id(secret.text()).send().await;
        match described {
            Ok(described) => {
                Ok(described.next_rotation_date.and_then(|date| SystemTime::try_from(date).ok()))
            }
            Err(error) => {
                let failure = Failure::new(&error, self.attempt.now());
                if !failure.is_forbidden() {
                    return Ok(None);
                }
                let asked =
                    self.asked("secretsmanager:DescribeSecret", format!("describe {secret}"));
                Err(failure.error(&asked).with_hint(format!(
                    "ask for `{}` on `{}`, or remove `rotation_aware`",
                    asked.action, asked.resource
                )))
            }
        }
    }

    /// The time by the clock of Secrets Manager. The request is not signed, so the service refuses
    /// it, and its refusal has a `Date` like every answer. Without a region there is no service to
    /// ask; a fetch says why.
    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Error> {
        if self.region().is_empty() && self.settings.endpoint.is_none() {
            return Ok(None);
        }
        let clock = Clock::default();
        let asked = self.unsigned(clock.clone()).get_random_password().send().await;
        let said = clock.said();
        match asked {
            Err(error) if said.is_none() => {
                let failure = Failure::new(&error, self.attempt.now());
                let action = "secretsmanager:GetRandomPassword";
                Err(failure.error(&self.asked(action, "tell the time".to_owned())))
            }
            _ => Ok(said),
        }
    }

    fn unsigned(&self, clock: Clock) -> Client {
        let mut sdk = self.sdk.clone().into_builder();
        sdk.set_credentials_provider(None);
        let region = aws_config::Region::new(self.region().to_owned());
        let mut config = Config::from(&sdk.build())
            .to_builder()
            .region(region)
            .timeout_config(self.timeouts())
            .allow_no_auth()
            .interceptor(clock);
        if let Some(endpoint) = &self.settings.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Client::from_conf(config.build())
    }

    /// Lets the SDK ask the machine's metadata service, if that answers. False when it does not, or
    /// when the SDK might have asked before.
    async fn turn_to_imds(&mut self) -> bool {
        if self.view.has_imds || !self.imds.answers(&self.http).await {
            return false;
        }
        let settings = self.settings;
        self.view.has_imds = true;
        self.look_again(settings.region.as_deref().or(settings.target.secret.region())).await;
        true
    }

    /// Lets the SDK look at another view.
    async fn look_again(&mut self, region: Option<&str>) {
        let profile = self.settings.profile.as_deref();
        self.sdk = sdk::config(profile, self.attempt, &self.view, region, &self.http).await;
    }

    /// A client that signs as `identity`, in the region of the secret.
    fn secrets_manager(&self, identity: &Identity) -> Client {
        self.sent.add(identity.credentials.secret_access_key());
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
    fn region(&self) -> &str {
        let region = self.sdk.region().map(AsRef::as_ref);
        self.settings.target.secret.region().or(region).unwrap_or_default()
    }

    /// What is asked of Secrets Manager, in words.
    fn asked(&self, action: &'static str, what: String) -> Asked {
        let server = match &self.settings.endpoint {
            Some(endpoint) => format!("aws secrets manager at `{endpoint}`"),
            None => format!("aws secrets manager in `{}`", self.region()),
        };
        let resource = self.settings.target.secret.resource(self.region());
        self.asked_of(server, action, resource, what)
    }

    /// Describes a request to `server`, for messages.
    fn asked_of(
        &self,
        server: String,
        action: &'static str,
        resource: String,
        what: String,
    ) -> Asked {
        let who = self.origin.to_string();
        let (advice, hidden) = (self.origin.advice(), self.sent.secrets());
        Asked { action, resource, what, server, who, advice, hidden }
    }

    /// For a request that is sent now.
    fn timeouts(&self) -> TimeoutConfig {
        sdk::timeouts(self.attempt)
    }
}

/// The shared files. A profile that the source names must be there.
async fn profiles(settings: &Settings, shared: &SharedFiles) -> Result<ProfileSet, Error> {
    let name = settings.profile.as_deref();
    let profiles = shared.profiles(&settings.environment, name).await?;
    for key in ["endpoint_url", "ec2_metadata_service_endpoint"] {
        if let Some(Err(why)) = profiles.get(key).map(http::url) {
            return Err(Error::misconfigured(format!("`{key}` of the shared files of aws: {why}"))
                .with_hint("write the address alone into `~/.aws/config`"));
        }
    }
    match &settings.profile {
        Some(name) if profiles.get_profile(name).is_none() => {
            // It may be in a file that was not read.
            if let Some(unread) = shared.unread() {
                return Err(unread.clone());
            }
            Err(Error::misconfigured(format!("there is no profile `{name}` in the shared files"))
                .with_hint("see the profiles that there are: `aws configure list-profiles`"))
        }
        _ => Ok(profiles),
    }
}
