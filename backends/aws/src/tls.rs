//! Whom we believe to be AWS.

use std::path::Path;

use api_key_helper_core::{Error, read_file};
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The operating system's roots, and those of a `bundle` in PEM form (`AWS_CA_BUNDLE`).
pub(crate) fn context(bundle: Option<&Path>) -> Result<TlsContext, Error> {
    let mut roots = TrustStore::default();
    if let Some(bundle) = bundle {
        for certificate in certificates(bundle)? {
            roots.add_pem_certificate(certificate);
        }
    }
    TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| Error::misconfigured(format!("the TLS settings cannot be used: {error}")))
}

/// Each certificate alone, and only those that can be a root: the SDK panics at others.
fn certificates(bundle: &Path) -> Result<Vec<String>, Error> {
    let shown = bundle.display();
    let wrong = |why: String| {
        Error::misconfigured(format!("the certificates in `{shown}` cannot be used: {why}"))
            .with_hint("let `AWS_CA_BUNDLE` name a file of certificates in PEM form")
    };
    let bytes = read_file(bundle, LONGEST).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    let good: Vec<String> = CertificateDer::pem_slice_iter(&bytes)
        .filter_map(Result::ok)
        .filter(|certificate| roots.add(certificate.clone()).is_ok())
        .map(|certificate| pem(&certificate))
        .collect();
    if good.is_empty() { Err(wrong("there is none".to_owned())) } else { Ok(good) }
}

fn pem(certificate: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// Many times what operating systems have, in bytes.
const LONGEST: u64 = 16 << 20;
