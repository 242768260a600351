//! What a provider publishes of itself, and where.

use api_key_helper_core::Error;
use serde::Deserialize;
use serde_json::Value;

use crate::config::Issuer;
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::flow::Flow;

/// The part of the metadata that we use (OpenID Connect Discovery, section 3; RFC 8414, section 2;
/// RFC 9207, section 3).
/// `grant_types_supported` is not in it: providers leave out what they support.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    authorization_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<Value>,
    device_authorization_endpoint: Option<String>,
    jwks_uri: Option<String>,
    revocation_endpoint: Option<String>,
    token_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// The endpoints that they name, if they are those of `issuer`, for the `flow`.
    pub(crate) fn endpoints(self, issuer: &Issuer, flow: Flow) -> Result<Endpoints, Error> {
        // Else one tenant could pass for another (RFC 8414, section 3.3).
        if self.issuer != issuer.name {
            let theirs: String =
                self.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
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
                        Error::misconfigured(format!(
                            "the provider's `{name}` cannot be used: {why}"
                        ))
                        .with_hint(format!("set `{name}` of the source by hand"))
                    })
                })
                .transpose()
        };
        let announced = self.authorization_response_iss_parameter_supported;
        Ok(Endpoints {
            answers_say_issuer: announced == Some(Value::Bool(true)),
            authorization: endpoint(
                flow == Flow::Browser,
                "authorization_endpoint",
                self.authorization_endpoint,
            )?,
            device_authorization: endpoint(
                flow == Flow::Device,
                "device_authorization_endpoint",
                self.device_authorization_endpoint,
            )?,
            jwks: endpoint(flow.has_login(), "jwks_uri", self.jwks_uri)?,
            revocation: endpoint(
                flow.has_login(),
                "revocation_endpoint",
                self.revocation_endpoint,
            )?,
            token: endpoint(true, "token_endpoint", self.token_endpoint)?,
            // The header is for all who do not say otherwise.
            secret_in_form: self.token_endpoint_auth_methods_supported.is_some_and(|methods| {
                let has = |name: &str| methods.iter().any(|method| method == name);
                has("client_secret_post") && !has("client_secret_basic")
            }),
        })
    }
}

/// Where the metadata may be: OpenID Connect appends to the issuer's path, RFC 8414 puts it in front.
pub(crate) fn addresses(issuer: &Endpoint) -> Vec<Endpoint> {
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
        let metadata: Metadata = serde_json::from_value(document.clone()).unwrap();
        metadata.endpoints(&issuer(name), flow)
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
