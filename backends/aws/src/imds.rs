//! The machine's metadata service, which tells a machine of EC2 who it is.

use std::time::Duration;

use aws_config::imds::Client;
use aws_config::imds::client::EndpointMode;
use aws_config::profile::ProfileSet;
use aws_config::provider_config::ProviderConfig;
use aws_sdk_secretsmanager::config::SharedHttpClient;

use crate::environment::{Environment, IMDS_DISABLED, IMDS_ENDPOINT, IMDS_MODE};

/// Where the service is, and whether it answers.
#[derive(Debug)]
pub(crate) struct Imds {
    is_disabled: bool,
    endpoint: Option<String>,
    mode: EndpointMode,
    answers: Option<bool>,
}

impl Imds {
    /// As the environment and the shared files say.
    pub(crate) fn find(environment: &Environment, profiles: &ProfileSet) -> Self {
        let said = |variable: &str, key: &str| environment.get(variable).or(profiles.get(key));
        let endpoint = said(IMDS_ENDPOINT, "ec2_metadata_service_endpoint").map(str::to_owned);
        let mode = said(IMDS_MODE, "ec2_metadata_service_endpoint_mode");
        let mode = mode.and_then(|mode| mode.parse().ok()).unwrap_or(EndpointMode::IpV4);
        let is_disabled =
            environment.get(IMDS_DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Self { is_disabled, endpoint, mode, answers: None }
    }

    /// Returns whether the service answers. Outside of EC2 it does not, and often without a refused
    /// connection: the SDK would wait for seconds, this waits for a moment, and only once.
    pub(crate) async fn answers(&mut self, http: &SharedHttpClient) -> bool {
        match self.answers {
            Some(answers) => answers,
            None => *self.answers.insert(!self.is_disabled && self.ask(http).await),
        }
    }

    async fn ask(&self, http: &SharedHttpClient) -> bool {
        let config = ProviderConfig::default().with_http_client(http.clone());
        let mut builder = Client::builder()
            .configure(&config)
            .max_attempts(1)
            // The service is one hop away.
            .connect_timeout(Duration::from_millis(250))
            .read_timeout(Duration::from_millis(750))
            .endpoint_mode(self.mode.clone());
        if let Some(endpoint) = &self.endpoint {
            match builder.endpoint(endpoint) {
                Ok(with_endpoint) => builder = with_endpoint,
                Err(_) => return false,
            }
        }
        builder.build().get("/latest/meta-data/").await.is_ok()
    }
}
