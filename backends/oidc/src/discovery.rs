//! What a provider says of itself.

use std::time::SystemTime;

use api_key_helper_core::Error;
use serde::{Deserialize, Serialize};

use crate::answer::Verdict;
use crate::config::{Issuer, Settings, Wanted};
use crate::endpoint::Endpoint;
use crate::flow::Flow;
use crate::metadata::{Metadata, addresses};
use crate::session::Session;

/// A provider's endpoints, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Endpoints {
    /// Whether the provider says who it is when it sends a browser back.
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
    /// Whether a client secret goes into the form, and not into a header.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) secret_in_form: bool,
}

impl Endpoints {
    /// Whether they are all that a first token takes.
    pub(crate) fn suffice(&self, flow: Flow, key: Wanted) -> bool {
        let can_begin = match flow {
            Flow::Browser => self.authorization.is_some(),
            Flow::ClientCredentials => true,
            Flow::Device => self.device_authorization.is_some(),
        };
        can_begin && self.token.is_some() && (key == Wanted::AccessToken || self.jwks.is_some())
    }

    /// These, and `others` where there is none.
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

impl Session<'_> {
    /// The provider's endpoints for a first token: those by hand, and where they do not suffice,
    /// those that it publishes.
    pub(crate) async fn endpoints(&self) -> Result<Endpoints, Error> {
        let settings = self.settings;
        let by_hand = settings.by_hand.clone();
        match &settings.issuer {
            Some(issuer) if !by_hand.suffice(settings.flow, settings.key) => {
                Ok(by_hand.or(&self.discover(issuer).await?))
            }
            _ => Ok(by_hand),
        }
    }

    /// The time by the provider's clock. Its metadata is there for everybody; without an issuer,
    /// whoever answers where tokens are redeemed has the clock that counts.
    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Error> {
        let settings = self.settings;
        let metadata = settings
            .issuer
            .as_ref()
            .and_then(|issuer| addresses(&issuer.address).into_iter().next());
        match metadata.or_else(|| settings.by_hand.token.clone()) {
            Some(endpoint) => Ok(self.client.server_time(&endpoint).await?),
            None => Ok(None),
        }
    }

    async fn discover(&self, issuer: &Issuer) -> Result<Endpoints, Error> {
        let mut last = None;
        for address in addresses(&issuer.address) {
            let answer = self.client.get(&address).await?;
            if answer.verdict() == Verdict::Good {
                let metadata: Metadata = answer.document(self.settings)?;
                return metadata.endpoints(issuer, self.settings.flow);
            }
            let is_elsewhere = answer.verdict() == Verdict::Foreign;
            last = Some(answer);
            if !is_elsewhere {
                break;
            }
        }
        Err(match last {
            Some(answer) if answer.0.status == 404 => {
                Error::misconfigured(format!("`{}` publishes no metadata", issuer.name)).with_hint(
                    format!(
                        "compare `issuer` with the provider's, or set its endpoints by hand: {}",
                        self.settings.flow.endpoints()
                    ),
                )
            }
            Some(answer) => answer.error(self.settings),
            None => Error::misconfigured("there is no `issuer`"),
        })
    }
}

impl Settings {
    /// The endpoint of that name, which cannot be done without.
    pub(crate) fn needed<'a>(
        &self,
        endpoint: Option<&'a Endpoint>,
        name: &str,
    ) -> Result<&'a Endpoint, Error> {
        endpoint.ok_or_else(|| {
            let issuer = self.issuer.as_ref().map_or("the provider", |issuer| &issuer.name);
            let hint = format!("if the provider has one, set `{name}` of the source by hand");
            let other = match name {
                "device_authorization_endpoint" => "; else sign in by `flow = \"browser\"`",
                "authorization_endpoint" => "; else sign in by `flow = \"device\"`",
                _ => "",
            };
            Error::misconfigured(format!("`{issuer}` names no `{name}`")).with_hint(hint + other)
        })
    }
}

/// What `answer` says of the provider of `settings`.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_metadata(
    settings: &Settings,
    answer: &crate::answer::Answer,
) -> Result<Endpoints, Error> {
    let issuer = settings.issuer.as_ref().ok_or_else(|| Error::misconfigured("no issuer"))?;
    answer.document::<Metadata>(settings)?.endpoints(issuer, settings.flow)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_false(value: &bool) -> bool {
    !*value
}
