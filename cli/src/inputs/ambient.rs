//! Identities that a platform gives to the programs running on it.

use std::path::Path;
use std::time::Duration;

use api_key_helper_backend::{Ambient, SecretInput};
#[cfg(feature = "http")]
use api_key_helper_http::ProxyVariables;
use api_key_helper_values::text::Form;
use api_key_helper_values::{Error, Secret};

use super::{MachineInputs, file};

impl MachineInputs<'_> {
    /// Reads the identity at each fetch, because the platform replaces it before it expires.
    pub(super) async fn ambient(
        &self,
        ambient: &Ambient,
        time_left: Duration,
    ) -> Result<Secret, Error> {
        match ambient {
            Ambient::AwsWebIdentity => {
                let path =
                    self.ambient_variable("AWS_WEB_IDENTITY_TOKEN_FILE", Form::Line, NO_WORKLOAD)?;
                file(&self.environment.path(path.expose()), time_left).await
            }
            Ambient::GithubActions { audience } => {
                self.github_actions(audience.as_deref(), time_left).await
            }
            Ambient::Kubernetes => {
                let token = file(Path::new(SERVICE_ACCOUNT_TOKEN), time_left).await;
                token.map_err(|error| {
                    error.with_hint(
                        "a pod has it unless it says `automountServiceAccountToken: false`; one \
                         at another path is `{ file = \"…\" }`",
                    )
                })
            }
            _ => Err(Error::misconfigured("this program cannot obtain this `ambient` identity")),
        }
    }

    #[cfg(feature = "http")]
    async fn github_actions(
        &self,
        audience: Option<&str>,
        time_left: Duration,
    ) -> Result<Secret, Error> {
        let address =
            self.ambient_variable("ACTIONS_ID_TOKEN_REQUEST_URL", Form::Header, NO_JOB)?;
        let token =
            self.ambient_variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", Form::Header, NO_JOB)?;
        let proxies = ProxyVariables::read(&[], |name| {
            Some(self.environment.variable(name)?.to_string_lossy().into_owned())
        });
        super::github_actions::token(address.expose(), &token, audience, time_left, &proxies).await
    }

    #[cfg(not(feature = "http"))]
    #[expect(clippy::unused_async, reason = "with HTTP it waits for an answer")]
    async fn github_actions(&self, _: Option<&str>, _: Duration) -> Result<Secret, Error> {
        Err(Error::misconfigured(
            "a token of GitHub Actions is asked for by HTTP, which is not compiled in",
        )
        .with_hint("install with `cargo install … --features script,http`"))
    }

    /// Reads a variable that the platform sets. `why` and `hint` are for a platform that does not
    /// set it.
    fn ambient_variable(
        &self,
        name: &str,
        form: Form,
        (why, hint): (&str, &str),
    ) -> Result<Secret, Error> {
        let value = self.given(name)?.ok_or_else(|| {
            Error::misconfigured(format!("the variable `{name}` is not set: {why}")).with_hint(hint)
        })?;
        SecretInput::Env(name.to_owned()).checked(value, form)
    }
}

const NO_WORKLOAD: (&str, &str) = (
    "AWS gives no identity to what runs here",
    "give the pod's service account a role, see `kubectl describe pod`",
);

#[cfg(feature = "http")]
const NO_JOB: (&str, &str) = (
    "this is no job of GitHub Actions, or one that may ask for no token",
    "give the job `permissions: { id-token: write }` in its workflow",
);

/// The default path of a pod's projected token in Kubernetes.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

#[cfg(all(test, not(feature = "http")))]
mod tests {
    use super::*;
    use crate::environment::Environment;

    #[test]
    fn ambient_github_actions_without_http_support_is_refused() {
        let inputs = MachineInputs { environment: &Environment::default() };
        let job = Ambient::GithubActions { audience: None };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let error = runtime.block_on(inputs.ambient(&job, Duration::from_secs(1))).unwrap_err();
        assert!(error.message().ends_with("by HTTP, which is not compiled in"), "{error}");
        assert!(
            error.hint().unwrap().to_string().ends_with("--features script,http`"),
            "{error:?}"
        );
    }
}
