//! What a TLS error says to a person.

use api_key_helper_core::Error;
use rustls::Error::{AlertReceived, InvalidCertificate};
use rustls::{AlertDescription as Alert, CertificateError as Why};

use crate::Words;

/// The error of a connection to `whom` that TLS refused. What only time mends is transient.
#[must_use]
pub fn untrusted(whom: &str, error: &rustls::Error, words: &Words) -> Error {
    let theirs = |why: &str| format!("the certificate of {whom} is {why}");
    match (error, words.client) {
        (InvalidCertificate(Why::UnknownIssuer), _) => {
            Error::misconfigured(theirs("from an unknown authority")).with_hint(words.authority)
        }
        (InvalidCertificate(Why::NotValidForName | Why::NotValidForNameContext { .. }), _) => {
            Error::misconfigured(theirs("for another host name")).with_hint(words.host)
        }
        (InvalidCertificate(Why::Expired | Why::ExpiredContext { .. }), _) => {
            Error::transient(theirs("no longer valid"))
                .with_hint("check this machine's clock; else the server needs a new certificate")
        }
        (InvalidCertificate(Why::NotValidYet | Why::NotValidYetContext { .. }), _) => {
            Error::transient(theirs("not valid yet")).with_hint("check this machine's clock")
        }
        (AlertReceived(alert), Some(hint)) if is_about_ours(*alert) => {
            Error::misconfigured(format!("{whom} wants another client certificate: {error}"))
                .with_hint(hint)
        }
        (other, _) => {
            Error::transient(format!("no TLS connection to {whom}: {other}")).with_hint(words.way)
        }
    }
}

/// Whether the server complains of the certificate that it got from us, or did not get.
fn is_about_ours(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRequired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
    )
}

#[cfg(test)]
mod tests {
    use api_key_helper_core::ErrorKind::{self, Misconfigured, Transient};

    use super::*;

    const WORDS: Words = Words {
        server: "",
        way: "way",
        impostor: "impostor",
        authority: "authority",
        host: "host",
        client: Some("client"),
    };

    #[test]
    fn each_error_has_its_kind_and_its_hint() {
        use rustls::Error::HandshakeNotComplete;
        let all: [(_, ErrorKind, _); 6] = [
            (InvalidCertificate(Why::UnknownIssuer), Misconfigured, "authority"),
            (InvalidCertificate(Why::NotValidForName), Misconfigured, "host"),
            (InvalidCertificate(Why::Expired), Transient, "check this machine's clock"),
            (InvalidCertificate(Why::NotValidYet), Transient, "check this machine's clock"),
            (AlertReceived(Alert::CertificateRequired), Misconfigured, "client"),
            (HandshakeNotComplete, Transient, "way"),
        ];
        for (tls, kind, hint) in all {
            let error = untrusted("`https://s`", &tls, &WORDS);
            assert_eq!(error.kind(), kind, "{tls}");
            assert!(error.hint().unwrap().starts_with(hint), "{error:?}");
            assert!(error.message().contains("`https://s`"), "{error:?}");
        }
    }

    #[test]
    fn who_has_no_certificate_is_not_told_to_change_it() {
        let words = Words { client: None, ..WORDS };
        let tls = AlertReceived(Alert::CertificateRequired);
        assert_eq!(untrusted("`https://s`", &tls, &words).kind(), Transient);
    }
}
