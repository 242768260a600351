//! A provider: its name and its addresses.

use std::fmt;

use api_key_helper_http::Address;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::flow::{Flow, KeyToken};

/// A provider: the name that its metadata and ID tokens must have, as it is configured, and its
/// address.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) address: Endpoint,
}

/// The endpoints of a provider, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Endpoints {
    /// The provider says who it is when it sends a browser back (RFC 9207).
    #[serde(skip)]
    pub(crate) answers_say_issuer: bool,
    #[serde(skip)]
    pub(crate) authorization: Option<Endpoint>,
    #[serde(skip)]
    pub(crate) device_authorization: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwks: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revocation: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Endpoint>,
    /// A client secret goes into the form, and not into a header.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) secret_in_form: bool,
}

impl Endpoints {
    /// Returns whether they are all that a first token takes.
    pub(crate) fn suffice(&self, flow: Flow, key: KeyToken) -> bool {
        let can_begin = match flow {
            Flow::Browser => self.authorization.is_some(),
            Flow::ClientCredentials => true,
            Flow::Device => self.device_authorization.is_some(),
        };
        can_begin && self.token.is_some() && (key == KeyToken::AccessToken || self.jwks.is_some())
    }

    /// These, with those of `others` where one is missing.
    pub(crate) fn or(self, others: &Self) -> Self {
        Self {
            answers_say_issuer: self.answers_say_issuer || others.answers_say_issuer,
            authorization: self.authorization.or_else(|| others.authorization.clone()),
            device_authorization: self
                .device_authorization
                .or_else(|| others.device_authorization.clone()),
            jwks: self.jwks.or_else(|| others.jwks.clone()),
            revocation: self.revocation.or_else(|| others.revocation.clone()),
            token: self.token.or_else(|| others.token.clone()),
            secret_in_form: self.secret_in_form || others.secret_in_form,
        }
    }
}

/// An [`Address`] that can be kept: secrets may be sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint(Address);

impl Endpoint {
    /// Reads an address as it is configured, or as a provider writes it. An error says what is
    /// wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Address::parse(text).map(Self)
    }

    pub(crate) fn url(&self) -> &Url {
        self.0.url()
    }
}

impl AsRef<Address> for Endpoint {
    fn as_ref(&self) -> &Address {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.url().as_str().to_owned()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_false(value: &bool) -> bool {
    !*value
}
