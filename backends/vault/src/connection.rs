//! The way to a server.

use api_key_helper_http::ProxyVariables;
use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::tls::Tls;

/// A server, or several of one cluster, and how they are reached.
#[derive(Debug)]
pub(crate) struct Connection {
    /// At least one.
    pub(crate) addresses: Vec<Address>,
    pub(crate) namespace: Option<HeaderValue>,
    pub(crate) tls: Tls,
    pub(crate) proxies: ProxyVariables,
}

impl Connection {
    /// The server and the namespace.
    pub(crate) fn origin(&self) -> Origin {
        let namespace = self.namespace.as_ref().and_then(|namespace| namespace.to_str().ok());
        Origin {
            addresses: self.addresses.iter().map(ToString::to_string).collect(),
            namespace: namespace.map(str::to_owned),
        }
    }

    /// The same way to another server or namespace; `None` where it is no address.
    pub(crate) fn at(&self, origin: &Origin) -> Option<Self> {
        let addresses = origin.addresses.iter().map(|address| Address::parse(address).ok());
        let namespace = origin.namespace.as_deref().map(HeaderValue::from_str).transpose().ok()?;
        Some(Self {
            addresses: addresses.collect::<Option<_>>()?,
            namespace,
            tls: self.tls.clone(),
            proxies: self.proxies.clone(),
        })
    }
}

/// A server and a namespace in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Origin {
    pub(crate) addresses: Vec<String>,
    pub(crate) namespace: Option<String>,
}
