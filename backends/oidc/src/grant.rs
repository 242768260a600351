//! What a token endpoint grants.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Error, Expiry, Fields, Secret};
use api_key_helper_http::{Address, oauth};

use crate::answer::{Answer, WORDS};
use crate::config::Settings;

/// A token response (RFC 6749, section 5.1; OpenID Connect Core, section 3.1.3.3). What is invalid
/// in it is an error once it is used, and not before: a new refresh token has to be kept first.
#[derive(Debug)]
pub(crate) struct Grant {
    /// The address that gave it, for messages.
    from: Address,
    access_token: Result<Secret, Error>,
    expires_in: Option<Expiry>,
    pub(crate) id_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    refresh_expires_in: Option<Duration>,
    scopes: Option<Vec<String>>,
}

impl Grant {
    /// Reads the grant in `answer`.
    ///
    /// # Errors
    /// Those of an answer that is not good, or that has no token at all.
    pub(crate) fn read(answer: &Answer, settings: &Settings) -> Result<Self, Error> {
        let fields = answer.fields(settings)?;
        let grant = Self {
            from: answer.0.from.clone(),
            access_token: access_token(answer, &fields),
            expires_in: fields.expiry("expires_in"),
            id_token: fields.secret("id_token"),
            refresh_token: fields.text("refresh_token").map(Secret::new),
            // The first is Keycloak's, the second Google's, and others'.
            refresh_expires_in: fields
                .seconds("refresh_expires_in")
                .or_else(|| fields.seconds("refresh_token_expires_in")),
            scopes: fields.words("scope"),
        };
        let has_token =
            fields.has("access_token") || grant.id_token.is_some() || grant.refresh_token.is_some();
        if has_token { Ok(grant) } else { Err(answer.0.lacks("access_token", &WORDS)) }
    }

    /// The access token, where it can be sent alone.
    pub(crate) fn access_token(&self) -> Result<&Secret, Error> {
        self.access_token.as_ref().map_err(Clone::clone)
    }

    /// When the access token ends, where the provider says so.
    pub(crate) fn key_expires_at(&self, asked_at: SystemTime) -> Result<Option<SystemTime>, Error> {
        oauth::expires_at(self.expires_in, asked_at, &self.from)
    }

    /// When the refresh token ends. Keycloak writes 0 for one without an end.
    pub(crate) fn refresh_token_expires_at(&self, asked_at: SystemTime) -> Option<SystemTime> {
        let life = self.refresh_expires_in.filter(|life| !life.is_zero())?;
        asked_at.checked_add(life)
    }

    /// What was granted, or `None` when the provider does not say: then it is what was asked for.
    pub(crate) fn scopes(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }
}

fn access_token(answer: &Answer, fields: &Fields<'_>) -> Result<Secret, Error> {
    oauth::refuse_proof_type(fields.string("token_type").as_deref(), &answer.0.from)?;
    fields.secret("access_token").ok_or_else(|| answer.0.lacks("access_token", &WORDS))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use api_key_helper_backend::ErrorKind;

    use super::*;

    fn read(fields: &str) -> Result<Grant, Error> {
        let settings = Settings::for_tests();
        Grant::read(&Answer::for_tests(200, &format!("{{{fields}}}")), &settings)
    }

    fn with(fields: &str) -> Grant {
        read(&format!(r#""access_token":"at"{fields}"#)).unwrap()
    }

    #[test]
    fn token_answer_expires_in_is_read_as_text_or_number() {
        let end = |rest: &str| with(rest).key_expires_at(UNIX_EPOCH);
        let hour = UNIX_EPOCH.checked_add(Duration::from_secs(3600));
        assert_eq!(end(r#","expires_in":"3600""#), Ok(hour));
        assert_eq!(end(r#","expires_in":null"#), Ok(None));
        assert!(end(r#","expires_in":{}"#).unwrap_err().message().contains("`expires_in`"));
    }

    #[test]
    fn refresh_token_expires_in_is_read() {
        let end = |rest: &str| with(rest).refresh_token_expires_at(UNIX_EPOCH);
        let minute = UNIX_EPOCH.checked_add(Duration::from_secs(60));
        assert_eq!(end(r#","refresh_expires_in":60"#), minute);
        assert_eq!(end(r#","refresh_token_expires_in":"60""#), minute);
        assert_eq!(end(r#","refresh_expires_in":{},"refresh_token_expires_in":60"#), minute);
        assert_eq!(end(r#","refresh_expires_in":0"#), None);
        assert_eq!(end(""), None);
    }

    #[test]
    fn empty_refresh_token_is_none() {
        assert!(with(r#","refresh_token":"","id_token":null"#).refresh_token.is_none());
    }

    #[test]
    fn token_answer_scope_is_a_text_or_a_list() {
        let scopes = |rest: &str| with(rest).scopes().map(<[String]>::to_vec);
        let both = Some(vec!["openid".to_owned(), "a".to_owned()]);
        assert_eq!(scopes(r#","scope":"openid a""#), both);
        assert_eq!(scopes(r#","scope":["openid","a"]"#), both);
        assert_eq!(scopes(r#","scope":["openid",null,"a"],"scopes":7"#), both);
        for other in ["", r#","scope":null"#, r#","scope":{"a":1}"#, r#","scope":true"#] {
            assert_eq!(scopes(other), None, "{other}");
        }
    }

    #[test]
    fn refresh_token_is_read_whatever_else_is_there() {
        for rest in [
            "",
            r#","access_token":null"#,
            r#","access_token":["at"],"token_type":7"#,
            r#","access_token":"at","token_type":"DPoP","expires_in":"soon","scope":{}"#,
            r#","id_token":{},"refresh_token":"old","refresh_token":"rt""#,
        ] {
            let grant = read(&format!(r#""refresh_token":"rt"{rest}"#)).unwrap();
            assert_eq!(grant.refresh_token, Some(Secret::from("rt")), "{rest}");
            assert!(grant.access_token().is_err(), "{rest}");
        }
        assert_eq!(with(r#","refresh_token":71"#).refresh_token, Some(Secret::from("71")));
    }

    #[test]
    fn unusable_access_token_is_transient_and_named() {
        for odd in ["null", "\"\"", "7", "{}", "[\"at\"]"] {
            let error = read(&format!(r#""access_token":{odd}"#)).unwrap();
            let error = error.access_token().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transient);
            assert!(error.message().ends_with("answered 200 without a usable `access_token`"));
        }
        // An object that is no token response.
        let error = read(r#""status":"ok""#).unwrap_err();
        assert!(error.message().ends_with("without a usable `access_token`"), "{error}");
    }

    #[test]
    fn token_type_dpop_is_refused() {
        let kind = |kind: &str| with(&format!(r#","token_type":{kind}"#)).access_token().cloned();
        for good in ["\"Bearer\"", "\"bearer \"", "\"\"", "null", "7", "\"BearerToken\""] {
            assert_eq!(kind(good), Ok(Secret::from("at")), "{good}");
        }
        let error = kind("\"DPoP\"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.message().contains("returned a `DPoP` token"), "{error}");
    }
}
