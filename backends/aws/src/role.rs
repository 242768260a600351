//! Roles that are assumed.

use api_key_helper_backend::SecretInput;

/// A role, as it is assumed.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) arn: String,
    /// In seconds. `None`: as long as AWS gives it by itself.
    pub(crate) duration: Option<i32>,
    pub(crate) external_id: Option<String>,
    /// What the logs of AWS call us.
    pub(crate) session_name: String,
}

/// The name in the logs of AWS, unless a setting gives another one.
pub(crate) const SESSION_NAME: &str = "api-key-helper";

/// A role that is assumed by the token of another issuer.
#[derive(Debug)]
pub(crate) struct WebIdentity {
    pub(crate) role: Role,
    pub(crate) token: SecretInput,
}
