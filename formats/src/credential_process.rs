//! The `credential-process` format: a set of AWS keys, as the AWS SDKs read it.
//!
//! The set is a JSON document; as a key, it is that document without white space. See
//! [`document`](api_key_helper_backend::document).

use api_key_helper_backend::document::AwsKeys;
use api_key_helper_backend::text::rfc3339;
use api_key_helper_values::Error;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{IssuedKey, json};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
}

/// Returns the set of keys with the issuer's expiry, not with `ask_again_at`. The SDKs ask again
/// some minutes before the expiry, and with an earlier one they would do so at each call.
pub(super) fn answer(given: &IssuedKey<'_>) -> Result<Zeroizing<String>, Error> {
    let keys = AwsKeys::parse(given.key).ok_or_else(|| not_a_set(given.source))?;
    Ok(json::line(&Answer {
        version: 1,
        access_key_id: keys.access_key_id(),
        secret_access_key: keys.secret_access_key(),
        session_token: keys.session_token(),
        expiration: given.expires_at.map(rfc3339),
    }))
}

fn not_a_set(source: &str) -> Error {
    Error::misconfigured(format!("the key of source `{source}` is not a set of AWS keys")).with_hint(
        "the key must be JSON with `AccessKeyId` and `SecretAccessKey`: set `output = \"document\"` \
         on a script source, or `field = \"*\"` on another source",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn credential_process_answer_matches_the_aws_sdks() {
        let key = r#"{"AccessKeyId":"A","SecretAccessKey":"s/+","SessionToken":"t"}"#;
        assert_eq!(
            *answer(&given(key, Some(2_000_000_000))).unwrap(),
            "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s/+\",\"SessionToken\":\"t\",\
             \"Expiration\":\"2033-05-18T03:33:20Z\"}\n"
        );
        let key = r#"{"AccessKeyId":"A","SecretAccessKey":"s"}"#;
        let expected = "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}\n";
        assert_eq!(*answer(&given(key, None)).unwrap(), expected);
    }

    #[test]
    fn credential_process_refuses_a_key_that_is_no_aws_document() {
        for key in ["sk-secret", r#"{"AccessKeyId":"secret"}"#, "[1]"] {
            let error = answer(&given(key, None)).unwrap_err();
            assert!(!error.report().contains("secret"), "{error:?}");
        }
    }
}
