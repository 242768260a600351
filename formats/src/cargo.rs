//! `cargo`: a credential provider. Both sides write one line of JSON at a time
//! (<https://doc.rust-lang.org/cargo/reference/credential-provider-protocol.html>).

use api_key_helper_values::Error;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Destination, IssuedKey, json};

/// The first line, which says what versions are understood here.
pub const HELLO: &str = "{\"v\":[1]}\n";

/// The registry that Cargo asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Registry {
    /// Where Cargo sends the key.
    pub(crate) destination: Destination,
}

/// A line of Cargo's.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// What Cargo wants.
    pub wanted: Wanted,
    /// What stands behind this program in `credential-provider`: Cargo hands it over here, and only
    /// `--cargo-plugin` on the command line.
    pub arguments: Vec<String>,
}

/// What Cargo wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A token.
    Get(Registry),
    /// That a token be forgotten.
    Logout(Registry),
    /// What only a program does that keeps what somebody types.
    Other,
}

impl Request {
    /// Reads a line of Cargo's.
    ///
    /// # Errors
    /// Misconfigured: it is none. Nothing of it is shown, for Cargo also hands over tokens.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let written: Written = serde_json::from_slice(line).map_err(|error| {
            Error::misconfigured(format!("stdin is not a request of cargo's: see column {}", error.column()))
                .with_hint("let cargo call this program: `credential-provider = [\"/path/api-key-helper\", \"--format\", \"cargo\"]`")
        })?;
        if written.v != 1 {
            return Err(Error::misconfigured("cargo asks in a version that was not offered")
                .with_hint("look for a newer version of this program"));
        }
        let registry = Registry { destination: Destination::of(&written.registry.index_url) };
        let wanted = match &*written.kind {
            "get" => Wanted::Get(registry),
            "logout" => Wanted::Logout(registry),
            _ => Wanted::Other,
        };
        Ok(Self { wanted, arguments: written.args })
    }
}

#[derive(Deserialize)]
struct Written {
    v: u32,
    kind: String,
    registry: WrittenRegistry,
    #[serde(default)]
    args: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WrittenRegistry {
    index_url: String,
}

/// The key as a token. Cargo keeps it for the moment that it is given, and for all operations: it is no
/// token of one.
pub(super) fn answer(given: &IssuedKey<'_>) -> Zeroizing<String> {
    json::line(&Reply::Ok(Success::Get {
        token: given.key.expose(),
        cache: "expires",
        expiration: given.ask_again_at.unix_millis() / 1_000,
        operation_independent: true,
    }))
}

/// The key is forgotten.
pub fn logged_out() -> Zeroizing<String> {
    json::line(&Reply::Ok(Success::Logout))
}

/// Another provider may know the registry.
pub fn not_for_us() -> Zeroizing<String> {
    json::line(&Reply::Err(Failure::UrlNotSupported))
}

/// Another provider may be able to do it.
pub fn not_supported() -> Zeroizing<String> {
    json::line(&Reply::Err(Failure::OperationNotSupported))
}

/// The error, which Cargo shows.
pub(super) fn refusal(error: &Error) -> String {
    let message = error.short_message();
    let caused_by = error.hint().into_iter().collect();
    json::line(&Reply::Err(Failure::Other { message: &message, caused_by })).to_string()
}

/// Somebody else than Cargo asks.
pub(super) fn not_a_conversation() -> Error {
    Error::misconfigured("the format `cargo` is a conversation with cargo, which nobody begins")
        .with_hint("let cargo call this program, or say `--format raw` to see the key")
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
    fn what_cargo_wants() {
        let registry = || Registry { destination: Destination::of("https://a.example") };
        assert_eq!(parse("get").wanted, Wanted::Get(registry()));
        assert_eq!(parse("logout").wanted, Wanted::Logout(registry()));
        for kind in ["login", "dance"] {
            assert_eq!(parse(kind).wanted, Wanted::Other);
        }
        assert_eq!(parse("get").arguments, ["--profile", "a"]);
    }

    #[test]
    fn what_is_no_request_is_not_shown() {
        for line in [&b""[..], b"secret", b"{\"v\":2}", b"{\"token\":\"secret\"}", b"\xff"] {
            let error = Request::parse(line).unwrap_err();
            assert!(!error.report().contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn answers_as_cargo_reads_them() {
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
