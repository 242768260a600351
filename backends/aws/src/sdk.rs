//! The SDK, set up for one attempt.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::Attempt;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::{SharedHttpClient, StalledStreamProtectionConfig};
use aws_types::os_shim_internal::Fs;
use aws_types::sdk_config::{RetryConfig, TimeSource, TimeoutConfig};

use crate::environment::Environment;
use crate::files::SharedFiles;

/// The part of this machine that the SDK sees.
pub(crate) struct View {
    pub(crate) environment: Environment,
    pub(crate) shared: SharedFiles,
    /// Other files.
    pub(crate) files: Fs,
    /// There is a metadata service.
    pub(crate) has_imds: bool,
}

/// Loads the configuration that the SDK finds in its `view`.
pub(crate) async fn config(
    profile: Option<&str>,
    attempt: &dyn Attempt,
    view: &View,
    region: Option<&str>,
    http: &SharedHttpClient,
) -> SdkConfig {
    let environment = &view.environment;
    let env = if view.has_imds { environment.env() } else { environment.env_without_imds() };
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(env)
        .fs(view.files.clone())
        .profile_files(view.shared.for_sdk())
        .http_client(http.clone())
        .time_source(At(attempt.now()))
        // The engine has one budget for attempts and time.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(attempt))
        // It measures by the clock, which stands still here; a whole answer has its time anyway.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Ok(name) = AppName::new("api-key-helper") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    loader.load().await
}

/// For what begins now. A little time is left over, so that the attempt ends with our error and not
/// in the middle.
pub(crate) fn time(attempt: &dyn Attempt) -> Duration {
    api_key_helper_http::time(attempt.time_left())
}

/// For a request that is sent now.
pub(crate) fn timeouts(attempt: &dyn Attempt) -> TimeoutConfig {
    let time = time(attempt);
    // Before the whole operation ends, as requests do by themselves.
    let connect = time.mul_f64(0.8).min(CONNECT);
    TimeoutConfig::builder().connect_timeout(connect).operation_timeout(time).build()
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
