//! The secrets of an attempt, which no message may repeat.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use api_key_helper_backend::Secret;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value};
use url::form_urlencoded;

/// The secrets that were sent or used so far. The SDK finds most of them by itself, so they are
/// taken from its requests.
#[derive(Clone, Default)]
pub(crate) struct SentSecrets(Arc<Mutex<Vec<Secret>>>);

impl SentSecrets {
    /// Adds those of `request`.
    pub(crate) fn note(&self, request: &HttpRequest) {
        for header in HEADERS {
            for value in request.headers().get_all(header) {
                // What stands before a signature is no secret.
                let (_, secret) = value.rsplit_once("Signature=").unwrap_or(("", value));
                self.add(secret);
            }
        }
        let body = request.body().bytes().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(body) {
            if FIELDS.contains(&&*name) {
                self.add(&value);
            }
        }
        let fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        for (name, value) in &fields {
            if FIELDS.contains(&name.as_str()) {
                self.add(value.as_str().unwrap_or_default());
            }
        }
    }

    /// Adds one more.
    pub(crate) fn add(&self, secret: &str) {
        let secret = Secret::from(secret);
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !secrets.contains(&secret) {
            secrets.push(secret);
        }
    }

    /// All of them.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for SentSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentSecrets").finish_non_exhaustive()
    }
}

/// The headers that hold a secret: of every signed request, of SSO, and of the services of a
/// machine.
const HEADERS: [&str; 4] =
    ["authorization", "x-amz-security-token", "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token"];
/// The fields that hold one, of STS and of SSO OIDC.
const FIELDS: [&str; 4] = ["WebIdentityToken", "accessToken", "clientSecret", "refreshToken"];

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn sent(headers: &[(&'static str, &'static str)], body: &'static str) -> Vec<String> {
        let sent = SentSecrets::default();
        let mut request = HttpRequest::new(SdkBody::from(body));
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        sent.note(&request);
        sent.note(&request);
        assert_eq!(format!("{sent:?}"), "SentSecrets { .. }");
        sent.secrets().iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn request_secrets_are_found_in_headers_forms_and_json() {
        let signed = "AWS4-HMAC-SHA256 Credential=A/1/r/s/aws4_request, Signature=0123abcd";
        assert_eq!(
            sent(&[("authorization", signed), ("x-amz-security-token", "tok/1")], ""),
            ["0123abcd", "tok/1"]
        );
        assert_eq!(sent(&[("authorization", "Bearer t-1")], ""), ["Bearer t-1"]);
        assert_eq!(sent(&[], "Action=A&WebIdentityToken=a.b%2Bc&Version=1"), ["a.b+c"]);
        let json = r#"{"clientId":"i","clientSecret":"cs","refreshToken":"r","grantType":"g"}"#;
        assert_eq!(sent(&[], json), ["cs", "r"]);
        assert!(sent(&[], r#"{"SecretId":"prod/key"}"#).is_empty());
    }
}
