//! How a provider proves who it is.

use std::path::PathBuf;

use api_key_helper_core::Error;
use api_key_helper_http::pem;
use reqwest::ClientBuilder;

/// The TLS settings of a source. The file is read at every request, for certificates rotate.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    pub(crate) ca_file: Option<PathBuf>,
}

impl Tls {
    /// Adds the settings to `builder`: the operating system's roots and ours are trusted.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let roots = self.ca_file.as_deref().map(pem::authorities).transpose();
        let roots = roots.map_err(|error| error.with_hint(HINT))?;
        Ok(builder.tls_certs_merge(roots.unwrap_or_default()))
    }
}

/// Where the settings are.
pub(crate) const HINT: &str = "see `ca_file` of the source";
