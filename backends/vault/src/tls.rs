//! How the server proves who it is, and how we do.

use std::fs;
use std::path::{Path, PathBuf};

use api_key_helper_backend::{Attempt, Error};
use api_key_helper_http::pem;
use reqwest::{Certificate, ClientBuilder};

/// The TLS settings of a source. The files are read at every attempt, for certificates rotate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) ca_dir: Option<PathBuf>,
    pub(crate) client: Option<ClientCertificate>,
    pub(crate) server_name: Option<String>,
    /// The variable that says to trust any certificate.
    pub(crate) unverified: Option<String>,
}

/// A certificate chain and its key, both PEM.
#[derive(Clone, Debug)]
pub(crate) struct ClientCertificate {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Tls {
    /// Adds the settings to `builder`: the operating system's roots and ours are trusted.
    pub(crate) fn apply(
        &self,
        mut builder: ClientBuilder,
        attempt: &dyn Attempt,
    ) -> Result<ClientBuilder, Error> {
        let roots = self.roots(attempt);
        let hint = "see `ca_file` and `ca_dir` of the source";
        builder = builder.tls_certs_merge(roots.map_err(|error| error.or_hint(hint))?);
        if let Some(client) = &self.client {
            let identity = pem::identity(&client.cert, &client.key)
                .map_err(|error| error.or_hint(CLIENT_HINT))?;
            builder = builder.identity(identity);
        }
        Ok(builder.tls_danger_accept_invalid_certs(self.unverified.is_some()))
    }

    fn roots(&self, attempt: &dyn Attempt) -> Result<Vec<Certificate>, Error> {
        let mut roots = Vec::new();
        if let Some(file) = &self.ca_file {
            roots.extend(pem::authorities(file, attempt)?);
        }
        if let Some(folder) = &self.ca_dir {
            roots.extend(authorities_in(folder, attempt)?);
        }
        Ok(roots)
    }
}

/// All the certificates in the files of `folder`: one at least.
fn authorities_in(folder: &Path, attempt: &dyn Attempt) -> Result<Vec<Certificate>, Error> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| pem::unreadable(folder, &error))? {
        let file = file.map_err(|error| pem::unreadable(folder, &error))?.path();
        if file.is_file() {
            found.extend(pem::certificates(&file, attempt)?);
        }
    }
    if found.is_empty() { Err(pem::no_certificate(folder)) } else { Ok(found) }
}

const CLIENT_HINT: &str = "see `client_cert` and `client_key` of the source";
