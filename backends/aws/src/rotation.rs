//! When a secret will be another.

use std::time::SystemTime;

use api_key_helper_core::Error;

use crate::failure::Failure;
use crate::session::{Identity, Session};

impl Session<'_> {
    /// When Secrets Manager will have rotated the secret at the latest, if it is to. A version that
    /// is pending until then is of no concern: what is read is what is current.
    ///
    /// The key is there by now, so what passes by itself is no reason to go without it. But a right
    /// that is missing is missing every time.
    pub(crate) async fn rotates_at(
        &self,
        identity: &Identity,
    ) -> Result<Option<SystemTime>, Error> {
        let secret = &self.settings.target.secret;
        let described =
            self.secrets_manager(identity).describe_secret().secret_id(secret.text()).send().await;
        match described {
            Ok(described) => {
                Ok(described.next_rotation_date.and_then(|date| SystemTime::try_from(date).ok()))
            }
            Err(error) => {
                let failure = Failure::new(&error, self.request.now());
                if !failure.is_forbidden() {
                    return Ok(None);
                }
                let asked =
                    self.asked("secretsmanager:DescribeSecret", format!("describe {secret}"));
                let error = failure.error(&asked);
                let hint = error.hint().unwrap_or_default().to_owned();
                Err(error.with_hint(format!("{hint}, or remove `rotation_aware`")))
            }
        }
    }
}
