//! What a TLS error says to a person.

use api_key_helper_backend::Error;
use api_key_helper_backend::ErrorKind::{self, Misconfigured, Transient};
use rustls::Error::{
    AlertReceived, InvalidCertificate, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};
use rustls::{
    AlertDescription as Alert, CertificateError as Why, OtherError, PeerIncompatible as Lacks,
};

use crate::{Words, cause, find};

/// Returns the error of a connection to `server` that TLS refused. What only time fixes is
/// transient.
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
            let message = format!("{server} wants another client certificate: {why}");
            let hint = words.client.unwrap_or("this source can send none: see the server");
            Error::misconfigured(message).with_hint(hint)
        }
        (other, None) => {
            let (kind, why, hint) = handshake(other, words);
            let message = format!("no TLS connection to {server}: {why}");
            Error::new(kind, message).with_hint(hint)
        }
    }
}

/// Why there was no agreement on how to encrypt, and what to do.
fn handshake(error: &rustls::Error, words: &Words) -> (ErrorKind, String, String) {
    let fixed = |kind, why: &str, hint: &str| (kind, why.to_owned(), hint.to_owned());
    match error {
        AlertReceived(Alert::UnrecognisedName) => {
            fixed(Misconfigured, "the server does not know that host name", words.host)
        }
        AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => (
            Misconfigured,
            "the server accepts none of our ciphers".to_owned(),
            format!("{MODERN}; or it wants a client certificate"),
        ),
        AlertReceived(Alert::ProtocolVersion)
        | PeerIncompatible(
            Lacks::ServerDoesNotSupportTls12Or13 | Lacks::ServerTlsVersionIsDisabledByOurConfig,
        ) => fixed(Misconfigured, "the server speaks neither TLS 1.2 nor 1.3", MODERN),
        AlertReceived(other) => (
            Transient,
            format!("the server broke off with TLS alert {}", u8::from(*other)),
            words.way.to_owned(),
        ),
        PeerIncompatible(_) => {
            fixed(Misconfigured, "the server and this program have no cipher in common", MODERN)
        }
        InvalidMessage(_) => {
            fixed(Transient, "what answers there does not speak TLS", words.impostor)
        }
        PeerMisbehaved(_) => {
            fixed(Transient, "what answers there breaks the rules of TLS", words.impostor)
        }
        rustls::Error::General(why) => fixed(Transient, why, words.way),
        _ => fixed(Transient, "the handshake failed", words.way),
    }
}

/// Returns the fault of a server's certificate, and the fix.
fn certificate(why: &Why, words: &Words) -> (String, String) {
    let fixed = |why: &str, hint: &str| (why.to_owned(), hint.to_owned());
    match why {
        Why::UnknownIssuer => (
            "is from an unknown authority".to_owned(),
            format!(
                "{}; if it is there, the server may leave out its intermediate certificate: \
                 `openssl s_client -showcerts -connect HOST:PORT` shows what it sends",
                words.authority
            ),
        ),
        Why::BadSignature => (
            "is not signed by the key of the authority that it names, or by one of fewer than 2048 bits"
                .to_owned(),
            format!("{}: that authority may have another key now", words.authority),
        ),
        Why::NotValidForName | Why::NotValidForNameContext { .. } => {
            fixed("is for another host name", words.host)
        }
        Why::Expired | Why::ExpiredContext { .. } => fixed(
            "is no longer valid",
            "check this machine's clock; else the server needs a new certificate",
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
            fixed("is signed with SHA-1, which is no longer safe", SHA256)
        }
        Why::UnsupportedSignatureAlgorithmContext { .. }
        | Why::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            fixed("is signed with an algorithm that is not supported", SHA256)
        }
        Why::UnhandledCriticalExtension => {
            fixed("has a critical extension that this program does not know", NEW)
        }
        Why::BadEncoding => fixed("is not well formed", NEW),
        Why::UnknownRevocationStatus
        | Why::ExpiredRevocationList
        | Why::ExpiredRevocationListContext { .. }
        | Why::InvalidOcspResponse => {
            fixed("may have been revoked: its authority does not say", "ask the authority")
        }
        Why::Other(OtherError(other)) => match other.downcast_ref() {
            Some(why) => violation(why),
            None if other.to_string() == WRONG_PURPOSE => fixed(NOT_FOR_SERVERS, FOR_SERVERS),
            None => (format!("is not accepted: {other}"), NEW.to_owned()),
        },
        _ => fixed("is not accepted by this machine's own rules", NEW),
    }
}

/// The same of what only the rules of X.509 forbid.
fn violation(why: &webpki::Error) -> (String, String) {
    use webpki::Error as Rule;
    let (why, hint) = match why {
        Rule::CaUsedAsEndEntity => (
            "is an authority's own, which no server may use",
            "make one for the server with `basicConstraints=CA:FALSE`, such as by \
             `openssl req -x509 -addext basicConstraints=CA:FALSE …`",
        ),
        Rule::EndEntityUsedAsCa => (
            "is signed by a certificate that is no authority's",
            "the signing certificate needs `basicConstraints=CA:TRUE`",
        ),
        Rule::NameConstraintViolation => {
            ("is for a name that its authority may not sign", "ask another authority for one")
        }
        Rule::PathLenConstraintViolated | Rule::MaximumPathDepthExceeded => {
            ("has more authorities above it than one of them allows", NEW)
        }
        Rule::MaximumPathBuildCallsExceeded
        | Rule::MaximumSignatureChecksExceeded
        | Rule::MaximumNameConstraintComparisonsExceeded => {
            ("comes with too many others to be checked", "let the server send fewer certificates")
        }
        Rule::UnsupportedCertVersion => ("is not of version 3 of X.509", NEW),
        Rule::UnsupportedCriticalExtension => {
            ("has a critical extension that this program does not know", NEW)
        }
        Rule::SignatureAlgorithmMismatch => ("names two different signature algorithms", NEW),
        _ => ("is not well formed", NEW),
    };
    (why.to_owned(), hint.to_owned())
}

/// Returns the server's objection to the certificate that it got from us, or did not get.
fn about_ours(alert: Alert) -> Option<&'static str> {
    Some(match alert {
        Alert::AccessDenied => "it does not let this one in",
        Alert::BadCertificate => "it got none, or one that is not well formed",
        Alert::CertificateExpired => "this one has expired",
        Alert::CertificateRequired | Alert::NoCertificate => "it got none",
        Alert::CertificateRevoked => "this one was revoked",
        Alert::CertificateUnknown => "it does not accept this one",
        Alert::UnknownCA => "it does not know the authority of this one",
        Alert::UnsupportedCertificate => "this one is not for clients, or of an unsupported kind",
        _ => return None,
    })
}

/// The error of TLS settings that make no client. Certificates and keys were checked when they were
/// read ([`crate::pem`]).
pub(crate) fn unusable_settings(error: &reqwest::Error) -> Error {
    let why = match find(error) {
        Some(rustls::Error::General(why)) => why.clone(),
        _ => cause(error),
    };
    Error::misconfigured(format!("the TLS settings cannot be used: {why}"))
}

const NEW: &str = "the server needs another certificate";
const MODERN: &str = "let the server speak TLS 1.2 or 1.3 with a modern cipher";
const NOT_FOR_SERVERS: &str = "is not for servers";
const FOR_SERVERS: &str = "the server needs one whose `extendedKeyUsage` has `serverAuth`";
const SHA256: &str = "the server needs one that is signed with SHA-256 or better: \
                      `openssl x509 … -sha256`";
/// The message of rustls-platform-verifier, whose error is private.
const WRONG_PURPOSE: &str = "certificate had invalid extensions";
/// RSA and ECDSA with SHA-1 (RFC 8017, appendix A.2.4; RFC 3279, section 2.2.3), with and without
/// the parameters that are part of the first.
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
            (InvalidCertificate(Why::BadSignature), Misconfigured, "not signed by", "authority"),
            (InvalidCertificate(Why::NotValidForName), Misconfigured, "another host name", "host"),
            (InvalidCertificate(Why::Expired), Transient, "no longer valid", "clock"),
            (InvalidCertificate(Why::NotValidYet), Transient, "not valid yet", "clock"),
            (InvalidCertificate(Why::Revoked), Misconfigured, "was revoked", "another"),
            (InvalidCertificate(Why::InvalidPurpose), Misconfigured, "for servers", "serverAuth"),
            (InvalidCertificate(Why::BadEncoding), Misconfigured, "not well formed", "another"),
            (signed_with(WITH_SHA1[0]), Misconfigured, "SHA-1", "SHA-256"),
            (signed_with(WITH_SHA1[2]), Misconfigured, "SHA-1", "SHA-256"),
            (signed_with(&[1, 2]), Misconfigured, "not supported", "SHA-256"),
            (other(webpki::Error::CaUsedAsEndEntity), Misconfigured, "authority's own", "CA:FALSE"),
            (other(webpki::Error::EndEntityUsedAsCa), Misconfigured, "no authority's", "CA:TRUE"),
            (other(webpki::Error::NameConstraintViolation), Misconfigured, "may not sign", "ask"),
            (other(webpki::Error::UnsupportedCertVersion), Misconfigured, "version 3", "another"),
            (other(webpki::Error::InvalidSerialNumber), Misconfigured, "well formed", "another"),
            (other(std::io::Error::other("odd")), Misconfigured, "not accepted: odd", "another"),
            (AlertReceived(Alert::CertificateRequired), Misconfigured, "got none", "client"),
            (AlertReceived(Alert::CertificateExpired), Misconfigured, "has expired", "client"),
            (AlertReceived(Alert::UnknownCA), Misconfigured, "know the authority", "client"),
            (AlertReceived(Alert::HandshakeFailure), Misconfigured, "our ciphers", "TLS 1.2"),
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
        assert!(error.hint().unwrap().to_string().contains("can send none"), "{error:?}");
    }
}
