//! What every grant by a form can say beside the token.

use std::collections::BTreeMap;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, Secret, SecretInput};
use api_key_helper_http::{Form, basic_auth};
use reqwest::RequestBuilder;

use crate::config::{ClientAuth, Written};

/// What the new token is for, and who asks for it.
#[derive(Debug)]
pub(crate) struct Terms {
    audiences: Vec<String>,
    resources: Vec<String>,
    scopes: Vec<String>,
    parameters: BTreeMap<String, String>,
    pub(crate) client_id: Option<String>,
    pub(crate) proof: Option<Proof>,
}

/// How the client proves who it is.
#[derive(Debug)]
pub(crate) enum Proof {
    /// A JWT that somebody has signed for it (RFC 7523, section 2.2).
    Assertion(SecretInput),
    /// Its secret, in the `Authorization` header.
    Basic(SecretInput),
    /// Its secret, in the form.
    Post(SecretInput),
}

impl Terms {
    pub(crate) fn read(table: &SourceTable, written: Written) -> Result<Self, Error> {
        let parameters = written.parameters.unwrap_or_default();
        if let Some(name) = parameters.keys().find(|name| OWN.contains(&name.as_str())) {
            return Err(table.error(
                "parameters",
                format!("`{name}` is not one of the `parameters`: it has a setting of its own"),
            ));
        }
        let scopes = written.scopes.unwrap_or_default();
        if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(table
                .error("scopes", "each scope is one word")
                .with_hint("write them as a list: `[\"api.read\", \"api.write\"]`"));
        }
        let secret = written.client_secret.map(|input| table.input("client_secret", input));
        let assertion =
            written.client_assertion.map(|input| table.input("client_assertion", input));
        if secret.is_none() && written.client_auth.is_some() {
            return Err(table.error("client_auth", "there is no `client_secret`"));
        }
        if secret.is_some() && written.client_id.is_none() {
            return Err(table.error("client_secret", "there is no `client_id`"));
        }
        let proof = match (secret, assertion) {
            (Some(_), Some(_)) => {
                return Err(table.error(
                    "client_assertion",
                    "a client has a `client_secret` or a `client_assertion`, and not both",
                ));
            }
            (Some(secret), None) => Some(match written.client_auth.unwrap_or_default() {
                ClientAuth::Basic => Proof::Basic(secret),
                ClientAuth::Post => Proof::Post(secret),
            }),
            (None, assertion) => assertion.map(Proof::Assertion),
        };
        Ok(Self {
            audiences: written.audience.map(Into::into).unwrap_or_default(),
            resources: written.resource.map(Into::into).unwrap_or_default(),
            scopes,
            parameters,
            client_id: written.client_id,
            proof,
        })
    }

    /// `request` with `form` and these terms. `secret` is what was found at the client's [`Proof`].
    pub(crate) fn body_of(
        &self,
        request: RequestBuilder,
        mut form: Form,
        secret: Option<&Secret>,
    ) -> (RequestBuilder, Vec<Secret>) {
        for audience in &self.audiences {
            form = form.with("audience", audience);
        }
        for resource in &self.resources {
            form = form.with("resource", resource);
        }
        if !self.scopes.is_empty() {
            form = form.with("scope", &self.scopes.join(" "));
        }
        for (name, value) in &self.parameters {
            form = form.with(name, value);
        }
        let id = self.client_id.as_deref().unwrap_or_default();
        if let (Some(Proof::Basic(_)), Some(secret)) = (&self.proof, secret) {
            let (request, mut hidden) = form.body_of(request);
            hidden.push(secret.clone());
            return (basic_auth(request, id, secret), hidden);
        }
        if !id.is_empty() {
            form = form.with("client_id", id);
        }
        form = match (&self.proof, secret) {
            (Some(Proof::Post(_)), Some(secret)) => form.with_secret("client_secret", secret),
            (Some(Proof::Assertion(_)), Some(assertion)) => form.with_client_assertion(assertion),
            _ => form,
        };
        form.body_of(request)
    }
}

impl Proof {
    /// Where it is.
    pub(crate) fn input(&self) -> &SecretInput {
        match self {
            Self::Assertion(input) | Self::Basic(input) | Self::Post(input) => input,
        }
    }
}

/// What the other settings are sent as.
const OWN: [&str; 14] = [
    "actor_token",
    "actor_token_type",
    "assertion",
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "grant_type",
    "requested_token_type",
    "resource",
    "scope",
    "subject_token",
    "subject_token_type",
];

#[cfg(test)]
mod tests {
    use crate::config::Settings;

    #[test]
    fn a_client_that_cannot_prove_itself_is_refused() {
        for (toml, says) in [
            ("client_secret = { env = 'S' }", "no `client_id`"),
            ("client_id = 'c'\nclient_auth = 'post'", "no `client_secret`"),
            (
                "client_id = 'c'\nclient_secret = { env = 'S' }\nclient_assertion = { env = 'A' }",
                "not both",
            ),
            ("scopes = ['a b']", "one word"),
            ("parameters = { scope = 'a' }", "setting of its own"),
            ("client_id = 'c'\nclient_secret = 'hunter2'", "client_secret"),
        ] {
            let toml = format!(
                "grant = 'jwt-bearer'\ntoken = {{ env = 'T' }}\ntoken_endpoint = 'https://i/t'\n{toml}"
            );
            let error = Settings::for_tests(&toml, &[]).unwrap_err();
            let report = error.report();
            assert!(report.contains(says) && !report.contains("hunter2"), "{toml}: {report}");
        }
    }
}
