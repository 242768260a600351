//! An address that secrets may be sent to.

use std::fmt;

use api_key_helper_http::Address;
use serde::{Deserialize, Serialize};
use url::Url;

/// An [`Address`] that can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint(Address);

impl Endpoint {
    /// Reads an address as it is configured, or as a provider writes it. An error says what is wrong
    /// with it.
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
