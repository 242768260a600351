//! How a provider proves who it is.

use std::fs;
use std::path::PathBuf;

use api_key_helper_core::Error;
use reqwest::{Certificate, ClientBuilder};

/// The TLS settings of a source. The file is read at every request, for certificates rotate.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    pub(crate) ca_file: Option<PathBuf>,
}

impl Tls {
    /// Adds the settings to `builder`: the operating system's roots and ours are trusted.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        Ok(builder.tls_certs_merge(self.roots()?))
    }

    fn roots(&self) -> Result<Vec<Certificate>, Error> {
        let Some(file) = &self.ca_file else { return Ok(Vec::new()) };
        let name = file.display();
        let pem = fs::read(file).map_err(|error| {
            Error::misconfigured(format!("`{name}` cannot be read: {error}"))
                .with_hint("see `ca_file` of the source")
        })?;
        match Certificate::from_pem_bundle(&pem) {
            Ok(roots) if !roots.is_empty() => Ok(roots),
            _ => Err(Error::misconfigured(format!("`{name}` holds no certificate in PEM form"))
                .with_hint("see `ca_file` of the source")),
        }
    }
}
