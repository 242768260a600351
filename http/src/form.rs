//! The parameters of a request to a token endpoint.

use std::mem;

use api_key_helper_backend::Secret;
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The form-encoded parameters of a request, and the secrets in it that no message may show.
#[derive(Default)]
pub struct Form {
    text: Zeroizing<String>,
    hidden: Vec<Secret>,
}

impl Form {
    /// Adds a parameter. One name may occur several times.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        form_urlencoded::Serializer::new(&mut *self.text).append_pair(name, value);
        self
    }

    /// Adds a parameter that no message may show.
    #[must_use]
    pub fn with_secret(mut self, name: &str, secret: &Secret) -> Self {
        self.hidden.push(secret.clone());
        self.with(name, secret.expose())
    }

    /// Adds a JWT that authenticates the client (RFC 7523, section 2.2).
    #[must_use]
    pub fn with_client_assertion(self, assertion: &Secret) -> Self {
        self.with("client_assertion_type", CLIENT_ASSERTION_TYPE)
            .with_secret("client_assertion", assertion)
    }

    /// Returns `request` with these parameters as its body, and the secrets in it.
    pub fn body_of(mut self, request: RequestBuilder) -> (RequestBuilder, Vec<Secret>) {
        let hidden = mem::take(&mut self.hidden);
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.text.as_bytes().to_vec());
        (request, hidden)
    }
}

/// Returns `request` with a client's ID and secret in its `Authorization` header, both form-encoded
/// by RFC 6749, section 2.3.1.
pub fn basic_auth(request: RequestBuilder, id: &str, secret: &Secret) -> RequestBuilder {
    let encode = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
    };
    request.basic_auth(encode(id).as_str(), Some(encode(secret.expose()).as_str()))
}

const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_request_is_percent_encoded_and_hides_the_refresh_token() {
        let form = Form::default()
            .with("scope", "openid a+b&c=d")
            .with_secret("refresh_token", &Secret::from("r/1"));
        assert_eq!(form.text.as_str(), "scope=openid+a%2Bb%26c%3Dd&refresh_token=r%2F1");
        assert!(!format!("{:?}", form.hidden).contains("r/1"));
    }
}
