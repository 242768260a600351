//! What a provider says of itself.

use std::time::SystemTime;

use api_key_helper_core::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Verdict;
use crate::config::{Issuer, Settings, Wanted};
use crate::endpoint::Endpoint;
use crate::flow::Flow;
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

/// The part of the metadata that we use (OpenID Connect Discovery, section 3; RFC 8414, section 2;
/// RFC 9207, section 3).
/// `grant_types_supported` is not in it: providers leave out what they support.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<Value>,
    device_authorization_endpoint: Option<String>,
    jwks_uri: Option<String>,
    revocation_endpoint: Option<String>,
    token_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
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
                return metadata_of(issuer, self.settings.flow, answer.document(self.settings)?);
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

/// Where the metadata may be: OpenID Connect appends to the issuer's path, RFC 8414 puts it in front.
fn addresses(issuer: &Endpoint) -> Vec<Endpoint> {
    let path = issuer.url().path().trim_end_matches('/').to_owned();
    [
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ]
    .into_iter()
    .filter_map(|path| {
        let mut url = issuer.url().clone();
        url.set_path(&path);
        Endpoint::parse(url.as_str()).ok()
    })
    .collect()
}

/// What `answer` says of the provider of `settings`.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_metadata(
    settings: &Settings,
    answer: &crate::answer::Answer,
) -> Result<Endpoints, Error> {
    let issuer = settings.issuer.as_ref().ok_or_else(|| Error::misconfigured("no issuer"))?;
    metadata_of(issuer, settings.flow, answer.document(settings)?)
}

fn metadata_of(issuer: &Issuer, flow: Flow, metadata: Metadata) -> Result<Endpoints, Error> {
    // Else one tenant could pass for another (RFC 8414, section 3.3).
    if metadata.issuer != issuer.name {
        let theirs: String =
            metadata.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(Error::misconfigured(format!(
            "the provider at `{}` calls itself `{theirs}`",
            issuer.name
        ))
        .with_hint(
            "write `issuer` exactly as the provider does, with or without a slash at its end",
        ));
    }
    // What is wrong with the others is no reason to fail.
    let endpoint = |is_used: bool, name: &str, text: Option<String>| {
        text.filter(|_| is_used)
            .map(|text| {
                Endpoint::parse(&text).map_err(|why| {
                    Error::misconfigured(format!("the provider's `{name}` cannot be used: {why}"))
                        .with_hint(format!("set `{name}` of the source by hand"))
                })
            })
            .transpose()
    };
    let announced = metadata.authorization_response_iss_parameter_supported;
    Ok(Endpoints {
        answers_say_issuer: announced == Some(Value::Bool(true)),
        authorization: endpoint(
            flow == Flow::Browser,
            "authorization_endpoint",
            metadata.authorization_endpoint,
        )?,
        device_authorization: endpoint(
            flow == Flow::Device,
            "device_authorization_endpoint",
            metadata.device_authorization_endpoint,
        )?,
        jwks: endpoint(flow.has_login(), "jwks_uri", metadata.jwks_uri)?,
        revocation: endpoint(
            flow.has_login(),
            "revocation_endpoint",
            metadata.revocation_endpoint,
        )?,
        token: endpoint(true, "token_endpoint", metadata.token_endpoint)?,
        // The header is for all who do not say otherwise.
        secret_in_form: metadata.token_endpoint_auth_methods_supported.is_some_and(|methods| {
            let has = |name: &str| methods.iter().any(|method| method == name);
            has("client_secret_post") && !has("client_secret_basic")
        }),
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn issuer(name: &str) -> Issuer {
        Issuer { name: name.to_owned(), address: Endpoint::parse(name).unwrap() }
    }

    fn read(name: &str, document: &Value) -> Result<Endpoints, Error> {
        read_for(Flow::Device, name, document)
    }

    fn read_for(flow: Flow, name: &str, document: &Value) -> Result<Endpoints, Error> {
        metadata_of(&issuer(name), flow, serde_json::from_value(document.clone()).unwrap())
    }

    #[test]
    fn metadata_is_looked_for_at_both_places() {
        let places = |name| -> Vec<String> {
            addresses(&issuer(name).address).into_iter().map(String::from).collect()
        };
        assert_eq!(
            places("https://i/realms/a"),
            [
                "https://i/realms/a/.well-known/openid-configuration",
                "https://i/.well-known/oauth-authorization-server/realms/a",
            ]
        );
        assert_eq!(
            places("https://i/"),
            [
                "https://i/.well-known/openid-configuration",
                "https://i/.well-known/oauth-authorization-server",
            ]
        );
    }

    #[test]
    fn another_issuer_is_refused() {
        for other in ["https://j", "https://i/", "http://i"] {
            let error = read("https://i", &json!({ "issuer": other })).unwrap_err();
            assert!(error.message().contains(&format!("calls itself `{other}`")), "{error}");
        }
        assert!(read("https://i", &json!({ "issuer": "https://i" })).is_ok());
    }

    #[test]
    fn an_endpoint_in_plain_http_is_refused() {
        let document = json!({ "issuer": "https://i", "token_endpoint": "http://i/token" });
        let error = read("https://i", &document).unwrap_err();
        assert!(error.message().contains("plain http"), "{error}");
    }

    #[test]
    fn an_endpoint_of_another_flow_spoils_nothing() {
        let document = json!({
            "issuer": "https://i", "authorization_endpoint": "http://i/a",
            "device_authorization_endpoint": "http://i/d", "token_endpoint": "https://i/t",
        });
        for (flow, name) in [
            (Flow::Browser, Some("`authorization_endpoint`")),
            (Flow::Device, Some("`device_authorization_endpoint`")),
            (Flow::ClientCredentials, None),
        ] {
            let error = read_for(flow, "https://i", &document).err();
            let message = error.as_ref().map(Error::message).unwrap_or_default();
            assert!(message.contains(name.unwrap_or_default()), "{flow:?}: {message}");
            assert_eq!(error.is_some(), name.is_some(), "{flow:?}");
        }
    }

    #[test]
    fn only_a_clear_word_announces_the_issuers_name() {
        for (announced, is_announced) in [
            (json!(true), true),
            (json!(false), false),
            (json!(null), false),
            (json!("yes"), false),
        ] {
            let key = "authorization_response_iss_parameter_supported";
            let document = json!({ "issuer": "https://i", key: announced });
            let endpoints = read_for(Flow::Browser, "https://i", &document).unwrap();
            assert_eq!(endpoints.answers_say_issuer, is_announced, "{announced}");
        }
    }

    #[test]
    fn a_secret_goes_into_the_form_where_no_header_is_taken() {
        let with = |methods: Value| {
            let document =
                json!({ "issuer": "https://i", "token_endpoint_auth_methods_supported": methods });
            read("https://i", &document).unwrap().secret_in_form
        };
        assert!(!with(json!(null)));
        assert!(!with(json!(["client_secret_post", "client_secret_basic"])));
        assert!(with(json!(["client_secret_post", "none"])));
    }
}
