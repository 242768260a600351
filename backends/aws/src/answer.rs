//! What a service said, and what it means.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::{ErrorKind, Secret};
use api_key_helper_http::{is_transient_status, quote};

/// An answer that is not what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The service's name for what is wrong. `None`: not a service of AWS said it.
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// How far this machine's clock is from the service's.
    pub(crate) skew: Option<Skew>,
}

/// What an answer means, whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is there.
    Absent,
    /// The signature is wrong: by the secret access key, or by the clock.
    BadSignature,
    /// It is there, and waits for its end.
    Deleted,
    /// The credentials have ended.
    Expired,
    /// The credentials lack a right.
    Forbidden,
    /// Not AWS's own form: a page of a proxy, or of another server.
    Foreign,
    /// KMS does not decrypt.
    Locked,
    /// The request is not one that the service takes.
    Refused,
    /// AWS knows no such credentials.
    Stranger,
    /// Later, maybe.
    Unavailable,
}

impl Verdict {
    /// What the engine does about it.
    pub(crate) const fn kind(self) -> ErrorKind {
        match self {
            Self::Absent | Self::Deleted => ErrorKind::NotFound,
            Self::BadSignature | Self::Refused => ErrorKind::Misconfigured,
            Self::Expired | Self::Stranger => ErrorKind::NeedsLogin,
            Self::Forbidden | Self::Locked => ErrorKind::Denied,
            Self::Foreign | Self::Unavailable => ErrorKind::Transient,
        }
    }

    /// Whether other credentials could have another answer.
    pub(crate) const fn blames_credentials(self) -> bool {
        matches!(
            self,
            Self::BadSignature | Self::Expired | Self::Forbidden | Self::Locked | Self::Stranger
        )
    }
}

impl Answer {
    /// Reads a body that the SDK could not: the older services of AWS, and the gates in front of
    /// the newer ones, answer JSON requests in XML.
    pub(crate) fn read_xml(&mut self, body: &str) {
        if self.code.is_none() && body.contains("<Error") {
            self.code = element(body, "Code");
            self.message = element(body, "Message");
        }
    }

    /// What it means. This is where a code and a status become a kind.
    pub(crate) fn verdict(&self) -> Verdict {
        let Some(code) = &self.code else {
            return if is_transient_status(self.status) {
                Verdict::Unavailable
            } else {
                Verdict::Foreign
            };
        };
        let said = |text: &str| self.message.as_deref().is_some_and(|said| said.contains(text));
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" if said("KMS") || said("kms:") => Verdict::Locked,
            "DecryptionFailure" => Verdict::Locked,
            code if code.starts_with("KMS") => Verdict::Locked,
            "AccessDenied"
            | "Forbidden"
            | "IDPRejectedClaim"
            | "InvalidIdentityToken"
            | "OptInRequired"
            | "RegionDisabled"
            | "UnauthorizedOperation" => Verdict::Forbidden,
            // SSO's word for a session that has ended is `Unauthorized`.
            "ExpiredToken" | "TokenRefreshRequired" | "Unauthorized" => Verdict::Expired,
            "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidToken"
            | "MissingAuthenticationToken"
            | "NotAuthorized"
            | "UnrecognizedClient" => Verdict::Stranger,
            "AuthFailure"
            | "IncompleteSignature"
            | "InvalidSignature"
            | "RequestExpired"
            | "RequestInTheFuture"
            | "RequestTimeTooSkewed"
            | "SignatureDoesNotMatch" => Verdict::BadSignature,
            "ResourceNotFound" => Verdict::Absent,
            "InvalidRequest" if said("deletion") || said("deleted") => Verdict::Deleted,
            "IDPCommunicationError"
            | "InternalFailure"
            | "InternalService"
            | "InternalServiceError"
            | "LimitExceeded"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "ServiceUnavailable"
            | "SlowDown"
            | "Throttled"
            | "ThrottledException"
            | "Throttling"
            | "TooManyRequests" => Verdict::Unavailable,
            _ if is_transient_status(self.status) => Verdict::Unavailable,
            _ => Verdict::Refused,
        }
    }

    /// Whether a signature was refused for its time and not for its key.
    pub(crate) fn blames_clock(&self) -> bool {
        let said = |text: &str| self.message.as_deref().is_some_and(|said| said.contains(text));
        let code = self.code.as_deref().unwrap_or_default();
        code.starts_with("RequestExpired")
            || code.starts_with("RequestInTheFuture")
            || code.starts_with("RequestTimeTooSkewed")
            || said("Signature expired")
            || said("Signature not yet current")
            || self.skew.is_some_and(Skew::is_too_much)
    }

    /// `: ` and the service's own words without what is `hidden`, for the end of a message; or
    /// nothing.
    pub(crate) fn because(&self, hidden: &[Secret]) -> String {
        let said = quote(self.message.as_deref().unwrap_or_default(), hidden);
        let said = said.trim_end_matches('.');
        if said.is_empty() { String::new() } else { format!(": {said}") }
    }
}

/// How far this machine's clock is from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skew {
    Ahead(Duration),
    Behind(Duration),
}

impl Skew {
    pub(crate) fn between(ours: SystemTime, theirs: SystemTime) -> Self {
        match ours.duration_since(theirs) {
            Ok(ahead) => Self::Ahead(ahead),
            Err(behind) => Self::Behind(behind.duration()),
        }
    }

    /// AWS bears five minutes; an answer takes a while itself.
    fn is_too_much(self) -> bool {
        let (Self::Ahead(by) | Self::Behind(by)) = self;
        by > Duration::from_secs(4 * 60)
    }
}

impl std::fmt::Display for Skew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (by, word) = match self {
            Self::Ahead(by) => (by.as_secs(), "ahead of"),
            Self::Behind(by) => (by.as_secs(), "behind"),
        };
        match (by / 60, by % 60) {
            (0, seconds) => write!(f, "{seconds} s {word}"),
            (minutes, 0) => write!(f, "{minutes} min {word}"),
            (minutes, seconds) => write!(f, "{minutes} min {seconds} s {word}"),
        }
    }
}

/// The text of the first element of that name that has only text in it.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    (!text.contains('<')).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: Option<&str>, message: &str) -> Answer {
        Answer {
            status,
            code: code.map(str::to_owned),
            message: Some(message.to_owned()),
            ..Answer::default()
        }
    }

    #[test]
    fn aws_error_codes_have_their_error_kind() {
        for (status, code, message, verdict) in [
            (400, "AccessDeniedException", "User: x is not authorized", Verdict::Forbidden),
            (400, "AccessDeniedException", "Access to KMS is not allowed", Verdict::Locked),
            (403, "AccessDenied", "", Verdict::Forbidden),
            (403, "ForbiddenException", "No access", Verdict::Forbidden),
            (400, "KMSDisabledException", "", Verdict::Locked),
            (400, "DecryptionFailure", "", Verdict::Locked),
            (400, "ExpiredTokenException", "", Verdict::Expired),
            (403, "ExpiredToken", "", Verdict::Expired),
            (401, "UnauthorizedException", "", Verdict::Expired),
            (400, "UnrecognizedClientException", "", Verdict::Stranger),
            (403, "InvalidClientTokenId", "", Verdict::Stranger),
            (400, "InvalidSignatureException", "", Verdict::BadSignature),
            (403, "SignatureDoesNotMatch", "", Verdict::BadSignature),
            (403, "RequestTimeTooSkewed", "", Verdict::BadSignature),
            (400, "ResourceNotFoundException", "", Verdict::Absent),
            (400, "InvalidRequestException", "it was marked for deletion", Verdict::Deleted),
            (400, "InvalidRequestException", "rotation is not complete", Verdict::Refused),
            (400, "ValidationException", "", Verdict::Refused),
            (400, "ThrottlingException", "", Verdict::Unavailable),
            (500, "InternalServiceError", "", Verdict::Unavailable),
            (503, "Whatever", "", Verdict::Unavailable),
        ] {
            assert_eq!(answer(status, Some(code), message).verdict(), verdict, "{status} {code}");
        }
        assert_eq!(answer(403, None, "").verdict(), Verdict::Foreign);
        assert_eq!(answer(502, None, "").verdict(), Verdict::Unavailable);
    }

    #[test]
    fn aws_error_in_xml_is_read() {
        let xml = "<?xml version=\"1.0\"?><ErrorResponse><Errors><Error><Code>AccessDenied</Code>\
                   <Message>User: x</Message></Error></Errors></ErrorResponse>";
        let mut answer = Answer::default();
        answer.read_xml(xml);
        assert_eq!(answer.code.as_deref(), Some("AccessDenied"));
        assert_eq!(answer.because(&[]), ": User: x");
        let mut page = Answer::default();
        page.read_xml("<html><Code>AccessDenied</Code></html>");
        assert_eq!(page, Answer::default());
    }

    #[test]
    fn aws_error_message_is_one_line() {
        assert_eq!(answer(400, None, "Not\n now. ").because(&[]), ": Not now");
        assert_eq!(answer(400, None, "").because(&[]), "");
        assert!(answer(400, None, &"x".repeat(10_000)).because(&[]).len() < 250);
    }

    #[test]
    fn aws_clock_skew_is_measured() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let ahead = Skew::between(at(1_000), at(1_000 - 754));
        assert_eq!(ahead.to_string(), "12 min 34 s ahead of");
        assert!(ahead.is_too_much());
        let behind = Skew::between(at(1_000), at(1_120));
        assert_eq!(behind.to_string(), "2 min behind");
        assert!(!behind.is_too_much());
        assert_eq!(Skew::between(at(7), at(7)).to_string(), "0 s ahead of");
    }
}
