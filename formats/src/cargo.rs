//! The `cargo` format: a credential provider. Each side writes one line of JSON at a time
//! (<https://doc.rust-lang.org/cargo/reference/credential-provider-protocol.html>).

use api_key_helper_values::Error;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Destination, IssuedKey, json};

/// The first line, which lists the supported protocol versions.
pub const HELLO: &str = "{\"v\":[1]}\n";

/// The registry that Cargo asks a token for.
#[derive(Debug, PartialEq, Eq)]
pub struct Registry {
    /// Where Cargo sends the key.
    pub(crate) destination: Destination,
}

/// One request line of Cargo.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The requested operation.
    pub operation: Operation,
    /// The arguments that follow this program in `credential-provider`. Cargo sends them here; the
    /// command line has only `--cargo-plugin`.
    pub arguments: Vec<String>,
}

/// The operation that Cargo requests.
#[derive(Debug, PartialEq, Eq)]
pub enum Operation {
    /// Return a token.
    Get(Registry),
    /// Forget a token.
    Logout(Registry),
    /// An operation that makes sense only for a program that stores tokens which users type.
    Other,
}

impl Request {
    /// Parses one line of Cargo.
    ///
    /// # Errors
    /// `Misconfigured`: the line is not a request. The error quotes none of it: Cargo also sends
    /// tokens.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let written: RawRequest = serde_json::from_slice(line).map_err(|error| {
            let column = error.column();
            Error::misconfigured(format!("stdin is not a request from cargo: see column {column}"))
                .with_hint(
                    "let cargo start this program: `credential-provider = \
                     [\"/path/api-key-helper\", \"--format\", \"cargo\"]`",
                )
        })?;
        if written.v != 1 {
            return Err(Error::misconfigured(
                "cargo uses an unsupported version of its credential protocol",
            )
            .with_hint("install a newer version of api-key-helper"));
        }
        let registry = Registry { destination: Destination::of(&written.registry.index_url) };
        let operation = match &*written.kind {
            "get" => Operation::Get(registry),
            "logout" => Operation::Logout(registry),
            _ => Operation::Other,
        };
        Ok(Self { operation, arguments: written.args })
    }
}

#[derive(Deserialize)]
struct RawRequest {
    v: u32,
    kind: String,
    registry: RawRegistry,
    #[serde(default)]
    args: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawRegistry {
    index_url: String,
}

/// Returns the key as a token. Cargo caches it until `expiration`, and uses it for all operations.
pub(super) fn answer(given: &IssuedKey<'_>) -> Zeroizing<String> {
    json::line(&Reply::Ok(Success::Get {
        token: given.key.expose(),
        cache: "expires",
        expiration: given.ask_again_at.unix_millis() / 1_000,
        operation_independent: true,
    }))
}

/// Returns the answer that the token is forgotten.
pub fn logged_out() -> Zeroizing<String> {
    json::line(&Reply::Ok(Success::Logout))
}

/// Returns the answer that lets Cargo ask the next provider, which may know the registry.
pub fn not_for_us() -> Zeroizing<String> {
    json::line(&Reply::Err(Failure::UrlNotSupported))
}

/// Returns the answer that lets Cargo ask the next provider, which may support the operation.
pub fn not_supported() -> Zeroizing<String> {
    json::line(&Reply::Err(Failure::OperationNotSupported))
}

/// Returns the error in the form that Cargo shows.
pub(super) fn refusal(error: &Error) -> String {
    let message = error.short_text();
    let hint = error.hint().map(ToString::to_string);
    let caused_by = hint.as_deref().into_iter().collect();
    json::line(&Reply::Err(Failure::Other { message: &message, caused_by })).to_string()
}

/// The error for `--format cargo` without Cargo on the other side.
pub(super) fn not_a_conversation() -> Error {
    Error::misconfigured("`--format cargo` works only when cargo starts this program with `--cargo-plugin`")
        .with_hint("set `credential-provider` in cargo's configuration, or use `--format raw` to print the key")
}

#[derive(Serialize)]
enum Reply<'a> {
    Ok(Success<'a>),
    Err(Failure<'a>),
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Success<'a> {
    Get { token: &'a str, cache: &'static str, expiration: u64, operation_independent: bool },
    Logout,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Failure<'a> {
    OperationNotSupported,
    Other {
        message: &'a str,
        #[serde(rename = "caused-by")]
        caused_by: Vec<&'a str>,
    },
    UrlNotSupported,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    fn parse(kind: &str) -> Request {
        let line = format!(
            "{{\"v\":1,\"registry\":{{\"index-url\":\"sparse+https://a.example/index/\",\"name\":\"a\",\
             \"headers\":[]}},\"kind\":\"{kind}\",\"operation\":\"read\",\"args\":[\"--profile\",\"a\"]}}\n"
        );
        Request::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn cargo_get_logout_and_unsupported_requests_are_parsed() {
        let registry = || Registry { destination: Destination::of("https://a.example") };
        assert_eq!(parse("get").operation, Operation::Get(registry()));
        assert_eq!(parse("logout").operation, Operation::Logout(registry()));
        for kind in ["login", "dance"] {
            assert_eq!(parse(kind).operation, Operation::Other);
        }
        assert_eq!(parse("get").arguments, ["--profile", "a"]);
    }

    #[test]
    fn invalid_cargo_request_is_refused_and_not_shown() {
        for line in [&b""[..], b"secret", b"{\"v\":2}", b"{\"token\":\"secret\"}", b"\xff"] {
            let error = Request::parse(line).unwrap_err();
            assert!(!error.report().contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn cargo_answers_match_the_credential_protocol() {
        assert_eq!(
            *answer(&given("k1", None)),
            "{\"Ok\":{\"kind\":\"get\",\"token\":\"k1\",\"cache\":\"expires\",\
             \"expiration\":1999999400,\"operation_independent\":true}}\n"
        );
        assert_eq!(*logged_out(), "{\"Ok\":{\"kind\":\"logout\"}}\n");
        assert_eq!(*not_for_us(), "{\"Err\":{\"kind\":\"url-not-supported\"}}\n");
        assert_eq!(*not_supported(), "{\"Err\":{\"kind\":\"operation-not-supported\"}}\n");
        let error = Error::transient("down").with_hint("wait");
        let expected =
            "{\"Err\":{\"kind\":\"other\",\"message\":\"down\",\"caused-by\":[\"wait\"]}}\n";
        assert_eq!(refusal(&error), expected);
    }
}
