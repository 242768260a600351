//! The time by AWS's clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use api_key_helper_http::parse_server_time;
use aws_sdk_secretsmanager::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_secretsmanager::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;

/// Keeps the time that an answer says, whatever else it says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<Mutex<Option<SystemTime>>>);

impl Clock {
    pub(crate) fn said(&self) -> Option<SystemTime> {
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
