//! The metadata that a provider publishes: where it is, and which endpoints it names.

use api_key_helper_backend::Error;
use api_key_helper_http::quote;

use crate::answer::{Answer, Verdict, WORDS};
use crate::client::Client;
use crate::config::Settings;
use crate::endpoint::{Endpoint, Endpoints, Issuer};
use crate::flow::{Flow, KeyToken};

/// The endpoints that `issuer` publishes.
pub(crate) async fn discover(
    client: &Client<'_>,
    issuer: &Issuer,
    settings: &Settings,
) -> Result<Endpoints, Error> {
    let mut last = None;
    for address in addresses(&issuer.address) {
        let answer = client.get(&address).await?;
        if answer.verdict() == Verdict::Good {
            return endpoints(&answer, issuer, settings);
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
                    settings.flow.endpoints()
                ),
            )
        }
        Some(answer) => answer.error(settings),
        None => Error::misconfigured("there is no `issuer`"),
    })
}

/// The endpoints of a provider that `answer` names, if it is about `issuer` (OpenID Connect
/// Discovery, section 3; RFC 8414, section 2; RFC 9207, section 3). What is wrong with those that
/// the sign-in does not use is no reason to fail. `grant_types_supported` is not read: providers
/// leave out what they support.
pub(crate) fn endpoints(
    answer: &Answer,
    issuer: &Issuer,
    settings: &Settings,
) -> Result<Endpoints, Error> {
    let fields = answer.fields(settings)?;
    let name = fields.string("issuer").ok_or_else(|| answer.0.lacks("issuer", &WORDS))?;
    // Else one tenant could pass for another (RFC 8414, section 3.3).
    if name != issuer.name {
        let theirs = quote(&name, &[]);
        return Err(Error::misconfigured(format!(
            "the provider at `{}` calls itself `{theirs}`",
            issuer.name
        ))
        .with_hint(
            "write `issuer` exactly as the provider does, with or without a slash at its end",
        ));
    }
    let optional = |name: &str| Endpoint::parse(&fields.string(name)?).ok();
    let used = |is_used: bool, by_hand: &Option<Endpoint>, name: &str| match fields.string(name) {
        Some(text) if is_used && by_hand.is_none() => {
            Endpoint::parse(&text).map(Some).map_err(|why| {
                Error::misconfigured(format!("the provider's `{name}` cannot be used: {why}"))
                    .with_hint(format!("set `{name}` of the source by hand"))
            })
        }
        _ => Ok(optional(name)),
    };
    let Settings { flow, key, by_hand, .. } = settings;
    Ok(Endpoints {
        answers_say_issuer: fields.flag("authorization_response_iss_parameter_supported")
            == Some(true),
        authorization: used(
            *flow == Flow::Browser,
            &by_hand.authorization,
            "authorization_endpoint",
        )?,
        device_authorization: used(
            *flow == Flow::Device,
            &by_hand.device_authorization,
            "device_authorization_endpoint",
        )?,
        jwks: used(*key == KeyToken::IdToken, &by_hand.jwks, "jwks_uri")?,
        revocation: optional("revocation_endpoint"),
        token: used(true, &by_hand.token, "token_endpoint")?,
        // The header is for all who do not say otherwise.
        secret_in_form: fields.texts("token_endpoint_auth_methods_supported").is_some_and(
            |methods| {
                let has = |name: &str| methods.iter().any(|method| method == name);
                has("client_secret_post") && !has("client_secret_basic")
            },
        ),
    })
}

/// Where the metadata may be: OpenID Connect appends to the issuer's path, RFC 8414 puts it in
/// front.
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
    use serde_json::{Value, json};

    use super::*;

    fn issuer(name: &str) -> Issuer {
        Issuer { name: name.to_owned(), address: Endpoint::parse(name).unwrap() }
    }

    fn read(name: &str, document: &Value) -> Result<Endpoints, Error> {
        read_for(Flow::Device, name, document)
    }

    fn read_for(flow: Flow, name: &str, document: &Value) -> Result<Endpoints, Error> {
        read_with(&Settings { flow, ..Settings::for_tests() }, name, document)
    }

    fn read_with(settings: &Settings, name: &str, document: &Value) -> Result<Endpoints, Error> {
        endpoints(&Answer::for_tests(200, &document.to_string()), &issuer(name), settings)
    }

    #[test]
    fn discovery_tries_openid_and_rfc_8414_places() {
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
    fn discovery_of_another_issuer_is_refused() {
        for other in ["https://j", "https://i/", "http://i"] {
            let error = read("https://i", &json!({ "issuer": other })).unwrap_err();
            assert!(error.message().contains(&format!("calls itself `{other}`")), "{error}");
        }
        assert!(read("https://i", &json!({ "issuer": "https://i" })).is_ok());
    }

    #[test]
    fn discovery_endpoint_in_plain_http_is_refused() {
        let document = json!({ "issuer": "https://i", "token_endpoint": "http://i/token" });
        let error = read("https://i", &document).unwrap_err();
        assert!(error.message().contains("plain http"), "{error}");
    }

    #[test]
    fn discovery_ignores_an_invalid_endpoint_of_another_flow() {
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
    fn discovery_ignores_odd_unused_fields() {
        let token = "https://i/t";
        for odd in [json!(""), json!(null), json!(7), json!({}), json!(["x"]), json!("http://i/x")]
        {
            let document = json!({
                "issuer": "https://i", "token_endpoint": token, "revocation_endpoint": odd,
                "jwks_uri": odd, "authorization_endpoint": odd, "scopes_supported": odd,
                "device_authorization_endpoint": "https://i/d", "device_authorization_endpoints": odd,
            });
            let endpoints = read("https://i", &document).unwrap();
            assert_eq!(endpoints.token, Endpoint::parse(token).ok(), "{odd}");
            assert_eq!((endpoints.revocation, endpoints.jwks), (None, None), "{odd}");
        }
    }

    #[test]
    fn discovery_names_an_invalid_endpoint_when_it_is_used() {
        let settings = Settings::with("key = 'id_token'");
        let document = json!({ "issuer": "https://i", "jwks_uri": "http://i/jwks" });
        let error = read_with(&settings, "https://i", &document).unwrap_err();
        assert!(error.message().contains("`jwks_uri` cannot be used"), "{error}");
        // What is written by hand goes before it.
        let settings = Settings::with("key = 'id_token'\njwks_uri = 'https://i/own'");
        assert!(read_with(&settings, "https://i", &document).is_ok());
    }

    #[test]
    fn discovery_without_issuer_is_refused() {
        for odd in [json!(null), json!(7), json!(""), json!(["https://i"])] {
            let error = read("https://i", &json!({ "issuer": odd })).unwrap_err();
            assert!(error.message().ends_with("without a usable `issuer`"), "{error}");
        }
    }

    #[test]
    fn discovery_announces_the_iss_parameter_only_if_true() {
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
    fn client_secret_goes_into_the_form_without_client_secret_basic() {
        let with = |methods: Value| {
            let document =
                json!({ "issuer": "https://i", "token_endpoint_auth_methods_supported": methods });
            read("https://i", &document).unwrap().secret_in_form
        };
        assert!(!with(json!(null)));
        assert!(!with(json!(["client_secret_post", "client_secret_basic"])));
        assert!(with(json!(["client_secret_post", "none"])));
        assert!(with(json!(["client_secret_post", null])));
        assert!(with(json!("client_secret_post")));
        assert!(!with(json!("none")));
        assert!(!with(json!({ "client_secret_post": true })));
    }
}
