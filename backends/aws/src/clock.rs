//! The time by AWS's clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use api_key_helper_core::Error;
use api_key_helper_http::parse_server_time;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_secretsmanager::config::{Config, ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;

use crate::failure::Failure;
use crate::session::Session;

impl Session<'_> {
    /// The time that Secrets Manager says it is. Nobody signs the question, so the service refuses
    /// it, and its refusal has a `Date` like every answer. Where the region is not known there is
    /// nobody to ask; a fetch says why.
    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Error> {
        if self.region().is_empty() && self.settings.endpoint.is_none() {
            return Ok(None);
        }
        let clock = Clock::default();
        let asked = self.unsigned(clock.clone()).get_random_password().send().await;
        let said = clock.said();
        match asked {
            Err(error) if said.is_none() => {
                let failure = Failure::new(&error, self.request.now());
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
}

/// Keeps the time that an answer says, whatever else it says.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Option<SystemTime>>>);

impl Clock {
    fn said(&self) -> Option<SystemTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        let said = headers.get("date").and_then(|date| parse_server_time(date, headers.get("age")));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = said;
        Ok(())
    }
}
