//! One request, before it is known where it goes.

use api_key_helper_backend::{Error, Secret};
use reqwest::Method;
use rustify::Endpoint;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use rustify::errors::ClientError;
use serde_json::json;
use zeroize::Zeroizing;

/// What is asked: a method, a path and a body, from one of `vaultrs`'s endpoints or of the
/// [`Plain`] ones that it lacks. Not `Debug`, for a login's body holds its secret.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query, below the version.
    pub(crate) target: String,
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// What the body holds that no message may show.
    pub(crate) hidden: Vec<Secret>,
    /// The server carries it out once only: another address is asked only where it was never sent.
    pub(crate) once: bool,
}

impl Call {
    /// What `endpoint` asks.
    pub(crate) fn to(endpoint: &impl Endpoint) -> Result<Self, Error> {
        // The host is replaced when the request is sent.
        let request = endpoint.request("http://vault.invalid").map_err(|_| {
            Error::misconfigured(format!("`{}` cannot be asked for", endpoint.path()))
        })?;
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        Ok(Self {
            method: parts.method,
            // A query without a field is written as none.
            target: target.trim_end_matches('?').to_owned(),
            body: Zeroizing::new(body),
            hidden: Vec::new(),
            once: false,
        })
    }

    /// Renews or revokes a lease (`<https://openbao.org/api-docs/system/leases/>`).
    pub(crate) fn lease(action: &str, id: &str) -> Result<Self, Error> {
        Self::to(&Plain { path: format!("sys/leases/{action}"), body: json!({ "lease_id": id }) })
    }

    pub(crate) fn hiding(mut self, secret: &Secret) -> Self {
        self.hidden.push(secret.clone());
        self
    }

    pub(crate) fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

/// An endpoint that `vaultrs` does not have: a path and a JSON object that is sent to it by PUT or
/// POST, which the API takes for the same.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) path: String,
    pub(crate) body: serde_json::Value,
}

impl Endpoint for Plain {
    type Response = ();
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::POST
    }

    fn body(&self) -> Result<Option<Vec<u8>>, ClientError> {
        rustify::http::build_body(&self.body, Self::REQUEST_BODY_TYPE).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use vaultrs::api::kv2::requests::ReadSecretRequest;
    use vaultrs::api::sys::requests::UnwrapRequest;
    use vaultrs::api::token::requests::{
        LookupTokenSelfRequest, RenewTokenSelfRequest, RevokeTokenSelfRequest,
    };

    use super::*;

    #[test]
    fn vault_request_paths_match_the_api() {
        let target = |call: Result<Call, Error>| call.unwrap().target;
        let read = |path: &str, version| {
            let (mount, path) = ("team/kv".to_owned(), path.to_owned());
            target(Call::to(&ReadSecretRequest { mount, path, version }))
        };
        assert_eq!(read("a/b", None), "/team/kv/data/a/b");
        assert_eq!(read("a b?c#d%", Some(2)), "/team/kv/data/a%20b%3Fc%23d%25?version=2");
        // Some of these paths are written with a slash or a tab in front.
        assert_eq!(target(Call::to(&LookupTokenSelfRequest {})), "/auth/token/lookup-self");
        let renew = RenewTokenSelfRequest { increment: None };
        assert_eq!(target(Call::to(&renew)), "/auth/token/renew-self");
        assert_eq!(target(Call::to(&RevokeTokenSelfRequest {})), "/auth/token/revoke-self");
        assert_eq!(target(Call::to(&UnwrapRequest { token: None })), "/sys/wrapping/unwrap");
    }

    #[test]
    fn vault_lease_renew_request_sends_its_id() {
        let call = Call::lease("renew", "a/b").unwrap();
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.target, "/sys/leases/renew");
        assert_eq!(&call.body[..], br#"{"lease_id":"a/b"}"#);
    }
}
