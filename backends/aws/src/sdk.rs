//! The SDK, set up for one attempt.

use std::time::{Duration, SystemTime};

use api_key_helper_core::FetchRequest;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::{SharedHttpClient, StalledStreamProtectionConfig};
use aws_types::os_shim_internal::Env;
use aws_types::sdk_config::{RetryConfig, TimeSource, TimeoutConfig};

use crate::config::Settings;

/// What the SDK finds in the environment that it is shown, and in the shared files.
pub(crate) async fn config(
    settings: &Settings,
    request: &FetchRequest<'_>,
    env: Env,
    region: Option<&str>,
    http: &SharedHttpClient,
) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(env)
        .http_client(http.clone())
        .time_source(At(request.now()))
        // The engine has one budget for attempts and time.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(request))
        // It measures by the clock, which stands still here; a whole answer has its time anyway.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Ok(name) = AppName::new("api-key-helper") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    loader.load().await
}

/// For a request that is sent now. A little time is left over, so that the attempt ends with our
/// error and not in the middle.
pub(crate) fn timeouts(request: &FetchRequest<'_>) -> TimeoutConfig {
    let left = request.time_left();
    let time = left - (left / 10).min(Duration::from_millis(200));
    TimeoutConfig::builder().connect_timeout(time.min(CONNECT)).operation_timeout(time).build()
}

/// The time when the attempt began: signatures bear more than an attempt takes.
#[derive(Debug)]
struct At(SystemTime);

impl TimeSource for At {
    fn now(&self) -> SystemTime {
        self.0
    }
}

/// The SDK's own default is of this order.
const CONNECT: Duration = Duration::from_secs(3);
