//! Errors of TLS.

use api_key_helper_backend::Error;
use api_key_helper_backend::ErrorKind::{self, Misconfigured, Transient};
use rustls::Error::{
    AlertReceived, InvalidCertificate, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};
use rustls::{
    AlertDescription as Alert, CertificateError as Why, OtherError, PeerIncompatible as Lacks,
};

use crate::{Words, cause, find};

/// Returns the error of a connection to `server` that TLS refused. Errors that go away with time
/// are transient.
#[must_use]
pub(crate) fn untrusted(server: &str, error: &rustls::Error, words: &Words) -> Error {
    let ours = match error {
        AlertReceived(alert) => about_ours(*alert),
        _ => None,
    };
    match (error, ours) {
        (InvalidCertificate(why), _) => {
            let (theirs, hint) = certificate(why, words);
            let message = format!("the certificate of {server} {theirs}");
            let error = match why {
                Why::Expired
                | Why::ExpiredContext { .. }
                | Why::NotValidYet
                | Why::NotValidYetContext { .. } => Error::transient(message),
                _ => Error::misconfigured(message),
            };
            error.with_hint(hint)
        }
        (_, Some(why)) => {
            let message = format!("{server} rejected our client certificate: {why}");
            let hint = words.client.unwrap_or(
                "this source supports no client certificate: check the server's settings",
            );
            Error::misconfigured(message).with_hint(hint)
        }
        (other, None) => {
            let (kind, why, hint) = handshake(other, words);
            let message = format!("no TLS connection to {server}: {why}");
            Error::new(kind, message).with_hint(hint)
        }
    }
}

/// Returns the reason why the handshake failed, and the hint.
fn handshake(error: &rustls::Error, words: &Words) -> (ErrorKind, String, String) {
    let fixed = |kind, why: &str, hint: &str| (kind, why.to_owned(), hint.to_owned());
    match error {
        AlertReceived(Alert::UnrecognisedName) => {
            fixed(Misconfigured, "the server does not recognise that host name", words.host)
        }
        AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => (
            Misconfigured,
            "the server accepts none of our cipher suites".to_owned(),
            format!("{MODERN}; or it requires a client certificate"),
        ),
        AlertReceived(Alert::ProtocolVersion)
        | PeerIncompatible(
            Lacks::ServerDoesNotSupportTls12Or13 | Lacks::ServerTlsVersionIsDisabledByOurConfig,
        ) => fixed(Misconfigured, "the server supports neither TLS 1.2 nor 1.3", MODERN),
        AlertReceived(other) => (
            Transient,
            format!("the server closed the connection with TLS alert {}", u8::from(*other)),
            words.way.to_owned(),
        ),
        PeerIncompatible(_) => fixed(
            Misconfigured,
            "the server and this program have no cipher suite in common",
            MODERN,
        ),
        InvalidMessage(_) => {
            fixed(Transient, "the server does not use TLS on this port", words.impostor)
        }
        PeerMisbehaved(_) => {
            fixed(Transient, "the server violates the TLS protocol", words.impostor)
        }
        rustls::Error::General(why) => fixed(Transient, why, words.way),
        _ => fixed(Transient, "the handshake failed", words.way),
    }
}

/// Returns the fault of a server's certificate, and the hint.
fn certificate(why: &Why, words: &Words) -> (String, String) {
    let fixed = |why: &str, hint: &str| (why.to_owned(), hint.to_owned());
    match why {
        Why::UnknownIssuer => (
            "is from an unknown authority".to_owned(),
            format!(
                "{}; if it is already trusted, the server may not send its intermediate certificate: \
                 `openssl s_client -showcerts -connect HOST:PORT` shows what it sends",
                words.authority
            ),
        ),
        Why::BadSignature => (
            "has an invalid signature: the authority has another key, or one of fewer than 2048 bits"
                .to_owned(),
            format!("{}: that authority may have a new key", words.authority),
        ),
        Why::NotValidForName | Why::NotValidForNameContext { .. } => {
            fixed("is for another host name", words.host)
        }
        Why::Expired | Why::ExpiredContext { .. } => fixed(
            "has expired",
            "check this machine's clock; if it is right, the server needs a new certificate",
        ),
        Why::NotValidYet | Why::NotValidYetContext { .. } => {
            fixed("is not valid yet", "check this machine's clock")
        }
        Why::Revoked => fixed("was revoked", NEW),
        Why::InvalidPurpose | Why::InvalidPurposeContext { .. } => {
            fixed(NOT_FOR_SERVERS, FOR_SERVERS)
        }
        Why::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. }
            if WITH_SHA1.contains(&signature_algorithm_id.as_slice()) =>
        {
            fixed("is signed with SHA-1, which is not secure", SHA256)
        }
        Why::UnsupportedSignatureAlgorithmContext { .. }
        | Why::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            fixed("is signed with an unsupported algorithm", SHA256)
        }
        Why::UnhandledCriticalExtension => {
            fixed("has an unsupported critical extension", NEW)
        }
        Why::BadEncoding => fixed("is malformed", NEW),
        Why::UnknownRevocationStatus
        | Why::ExpiredRevocationList
        | Why::ExpiredRevocationListContext { .. }
        | Why::InvalidOcspResponse => {
            fixed("may have been revoked: its status is unknown", "ask the certificate authority")
        }
        Why::Other(OtherError(other)) => match other.downcast_ref() {
            Some(why) => violation(why),
            None if other.to_string() == WRONG_PURPOSE => fixed(NOT_FOR_SERVERS, FOR_SERVERS),
            None => (format!("is not accepted: {other}"), NEW.to_owned()),
        },
        _ => fixed("is rejected by this machine's own rules", NEW),
    }
}

/// Returns the fault of a certificate that violates a rule of X.509, and the hint.
fn violation(why: &webpki::Error) -> (String, String) {
    use webpki::Error as Rule;
    let (why, hint) = match why {
        Rule::CaUsedAsEndEntity => (
            "is a CA certificate, which a server must not use",
            "create one for the server with `basicConstraints=CA:FALSE`, such as by \
             `openssl req -x509 -addext basicConstraints=CA:FALSE …`",
        ),
        Rule::EndEntityUsedAsCa => (
            "is signed by a certificate that is not a CA certificate",
            "the signing certificate needs `basicConstraints=CA:TRUE`",
        ),
        Rule::NameConstraintViolation => {
            ("is for a name that its authority must not sign", "get one from another authority")
        }
        Rule::PathLenConstraintViolated | Rule::MaximumPathDepthExceeded => {
            ("has a longer chain than one of its authorities allows", NEW)
        }
        Rule::MaximumPathBuildCallsExceeded
        | Rule::MaximumSignatureChecksExceeded
        | Rule::MaximumNameConstraintComparisonsExceeded => {
            ("comes with too many other certificates", "configure the server to send fewer")
        }
        Rule::UnsupportedCertVersion => ("is not an X.509 version 3 certificate", NEW),
        Rule::UnsupportedCriticalExtension => ("has an unsupported critical extension", NEW),
        Rule::SignatureAlgorithmMismatch => ("names two different signature algorithms", NEW),
        _ => ("is malformed", NEW),
    };
    (why.to_owned(), hint.to_owned())
}

/// Returns the server's objection to our certificate.
fn about_ours(alert: Alert) -> Option<&'static str> {
    Some(match alert {
        Alert::AccessDenied => "access is denied",
        Alert::BadCertificate => "none was sent, or a malformed one",
        Alert::CertificateExpired => "it has expired",
        Alert::CertificateRequired | Alert::NoCertificate => "none was sent",
        Alert::CertificateRevoked => "it was revoked",
        Alert::CertificateUnknown => "the server does not accept it",
        Alert::UnknownCA => "its authority is unknown to the server",
        Alert::UnsupportedCertificate => "it is not for clients, or of an unsupported kind",
        _ => return None,
    })
}

/// Returns the error of TLS settings from which no client can be built. Certificates and keys were
/// checked when they were read ([`crate::pem`]).
pub(crate) fn unusable_settings(error: &reqwest::Error) -> Error {
    let why = match find(error) {
        Some(rustls::Error::General(why)) => why.clone(),
        _ => cause(error),
    };
    Error::misconfigured(format!("the TLS settings cannot be used: {why}"))
}

const NEW: &str = "the server needs another certificate";
const MODERN: &str = "enable TLS 1.2 or 1.3 with a modern cipher suite on the server";
const NOT_FOR_SERVERS: &str = "is not a server certificate";
const FOR_SERVERS: &str = "the server needs one whose `extendedKeyUsage` has `serverAuth`";
const SHA256: &str = "the server needs one that is signed with SHA-256 or better: \
                      `openssl x509 … -sha256`";
/// The message of rustls-platform-verifier, because its error type is private.
const WRONG_PURPOSE: &str = "certificate had invalid extensions";
/// The identifiers of RSA and ECDSA with SHA-1 (RFC 8017, appendix A.2.4; RFC 3279, section 2.2.3),
/// with and without the parameters that belong to the first.
const WITH_SHA1: [&[u8]; 3] = [
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00],
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const WORDS: Words = Words {
        server: "",
        way: "way",
        impostor: "impostor",
        authority: "authority",
        host: "host",
        client: Some("client"),
    };

    fn other(why: impl std::error::Error + Send + Sync + 'static) -> rustls::Error {
        InvalidCertificate(Why::Other(OtherError(Arc::new(why))))
    }

    fn signed_with(algorithm: &[u8]) -> rustls::Error {
        InvalidCertificate(Why::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: algorithm.to_vec(),
            supported_algorithms: Vec::new(),
        })
    }

    #[test]
    fn tls_errors_have_kind_message_and_hint() {
        let all: [(_, ErrorKind, _, _); 27] = [
            (
                InvalidCertificate(Why::UnknownIssuer),
                Misconfigured,
                "unknown authority",
                "authority",
            ),
            (InvalidCertificate(Why::UnknownIssuer), Misconfigured, "", "intermediate"),
            (
                InvalidCertificate(Why::BadSignature),
                Misconfigured,
                "invalid signature",
                "authority",
            ),
            (InvalidCertificate(Why::NotValidForName), Misconfigured, "another host name", "host"),
            (InvalidCertificate(Why::Expired), Transient, "has expired", "clock"),
            (InvalidCertificate(Why::NotValidYet), Transient, "not valid yet", "clock"),
            (InvalidCertificate(Why::Revoked), Misconfigured, "was revoked", "another"),
            (
                InvalidCertificate(Why::InvalidPurpose),
                Misconfigured,
                "server certificate",
                "serverAuth",
            ),
            (InvalidCertificate(Why::BadEncoding), Misconfigured, "is malformed", "another"),
            (signed_with(WITH_SHA1[0]), Misconfigured, "SHA-1", "SHA-256"),
            (signed_with(WITH_SHA1[2]), Misconfigured, "SHA-1", "SHA-256"),
            (signed_with(&[1, 2]), Misconfigured, "unsupported", "SHA-256"),
            (
                other(webpki::Error::CaUsedAsEndEntity),
                Misconfigured,
                "is a CA certificate",
                "CA:FALSE",
            ),
            (
                other(webpki::Error::EndEntityUsedAsCa),
                Misconfigured,
                "not a CA certificate",
                "CA:TRUE",
            ),
            (
                other(webpki::Error::NameConstraintViolation),
                Misconfigured,
                "must not sign",
                "get one",
            ),
            (other(webpki::Error::UnsupportedCertVersion), Misconfigured, "version 3", "another"),
            (other(webpki::Error::InvalidSerialNumber), Misconfigured, "malformed", "another"),
            (other(std::io::Error::other("odd")), Misconfigured, "not accepted: odd", "another"),
            (AlertReceived(Alert::CertificateRequired), Misconfigured, "none was sent", "client"),
            (AlertReceived(Alert::CertificateExpired), Misconfigured, "has expired", "client"),
            (AlertReceived(Alert::UnknownCA), Misconfigured, "authority is unknown", "client"),
            (AlertReceived(Alert::HandshakeFailure), Misconfigured, "our cipher", "TLS 1.2"),
            (AlertReceived(Alert::ProtocolVersion), Misconfigured, "neither TLS 1.2", "TLS 1.2"),
            (AlertReceived(Alert::UnrecognisedName), Misconfigured, "that host name", "host"),
            (AlertReceived(Alert::InternalError), Transient, "TLS alert 80", "way"),
            (
                PeerIncompatible(Lacks::NoCipherSuitesInCommon),
                Misconfigured,
                "in common",
                "TLS 1.2",
            ),
            (rustls::Error::HandshakeNotComplete, Transient, "handshake failed", "way"),
        ];
        for (tls, kind, words, hint) in all {
            let error = untrusted("`https://s`", &tls, &WORDS);
            let report = error.report();
            assert_eq!(error.kind(), kind, "{report}");
            assert!(error.message().contains("`https://s`"), "{report}");
            assert!(error.message().contains(words), "{report}");
            assert!(error.hint().unwrap().to_string().contains(hint), "{report}");
            assert!(!report.contains("Error") && !report.contains('('), "{report}");
        }
    }

    #[test]
    fn client_certificate_required_but_unsupported_is_misconfigured() {
        let words = Words { client: None, ..WORDS };
        let tls = AlertReceived(Alert::CertificateRequired);
        let error = untrusted("`https://s`", &tls, &words);
        assert_eq!(error.kind(), Misconfigured);
        assert!(
            error.hint().unwrap().to_string().contains("supports no client certificate"),
            "{error:?}"
        );
    }
}
