//! What every grant by a form can say beside the token.

use std::collections::BTreeMap;

use api_key_helper_backend::{Secret, SecretInput};
use api_key_helper_http::{Form, basic_auth};
use reqwest::RequestBuilder;

/// What the new token is for, and who asks for it.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) audiences: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) client_id: Option<String>,
    pub(crate) proof: Option<Proof>,
}

/// How the client proves who it is.
#[derive(Debug)]
pub(crate) enum Proof {
    /// A JWT that was signed for it (RFC 7523, section 2.2).
    Assertion(SecretInput),
    /// Its secret, in the `Authorization` header.
    Basic(SecretInput),
    /// Its secret, in the form.
    Post(SecretInput),
}

impl Terms {
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
