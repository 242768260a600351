//! Roles that are assumed.

use std::time::SystemTime;

use api_key_helper_core::{Error, SecretInput};
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Credentials as Given;

use crate::failure::Failure;
use crate::session::Session;

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

/// A role that is assumed by the token of another issuer.
#[derive(Debug)]
pub(crate) struct WebIdentity {
    pub(crate) role: Role,
    pub(crate) token: SecretInput,
}

impl Session<'_> {
    /// `role`, assumed by whoever has `base`.
    pub(crate) async fn assume(
        &self,
        role: &Role,
        base: Credentials,
    ) -> Result<Credentials, Error> {
        let asked = self
            .sts(Some(base))
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(&role.session_name)
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.duration)
            .send()
            .await;
        match asked {
            Ok(answer) => given(role, answer.credentials),
            Err(error) => {
                let id = if role.external_id.is_some() { ", with that external id" } else { "" };
                let (who, arn) = (&self.origin, &role.arn);
                let hint = format!(
                    "ask for `sts:AssumeRole` on `{arn}` for {who}, and that the role trusts it{id}"
                );
                let failure = Failure::new(&error, self.request.now());
                Err(self.unassumed(&failure, role, "sts:AssumeRole", hint))
            }
        }
    }

    /// The role of `web`, assumed by its token.
    pub(crate) async fn assume_by_token(&self, web: &WebIdentity) -> Result<Credentials, Error> {
        let role = &web.role;
        let token = self.request.resolve(&web.token).await?;
        let asked = self
            .sts(None)
            .assume_role_with_web_identity()
            .role_arn(&role.arn)
            .role_session_name(&role.session_name)
            .set_duration_seconds(role.duration)
            .web_identity_token(token.expose())
            .send()
            .await;
        match asked {
            Ok(answer) => given(role, answer.credentials),
            Err(error) => {
                let arn = &role.arn;
                let hint = format!(
                    "ask that `{arn}` trusts the issuer, the audience and the subject of the token"
                );
                let failure = Failure::new(&error, self.request.now());
                Err(self.unassumed(&failure, role, "sts:AssumeRoleWithWebIdentity", hint))
            }
        }
    }

    fn sts(&self, credentials: Option<Credentials>) -> Client {
        let mut config = self.sdk.to_builder().timeout_config(self.timeouts());
        config.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        Client::new(&config.build())
    }

    fn unassumed(
        &self,
        failure: &Failure,
        role: &Role,
        action: &'static str,
        hint: String,
    ) -> Error {
        let whom = "aws sts".to_owned();
        let what = format!("let {} assume `{}`", self.origin, role.arn);
        let error = failure.error(&self.asked_of(whom, action, role.arn.clone(), what));
        if failure.is_forbidden() { error.with_hint(hint) } else { error }
    }
}

fn given(role: &Role, given: Option<Given>) -> Result<Credentials, Error> {
    let credentials = given.and_then(|given| {
        let expires_at = SystemTime::try_from(given.expiration).ok()?;
        Some(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(expires_at),
            "assumed",
        ))
    });
    credentials.ok_or_else(|| {
        Error::transient(format!("aws sts gave no credentials for `{}`", role.arn))
            .with_hint("another server may stand in its place: check `AWS_ENDPOINT_URL_STS`")
    })
}
