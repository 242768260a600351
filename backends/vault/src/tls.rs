//! How the server proves who it is, and how we do.

use std::fs;
use std::path::{Path, PathBuf};

use api_key_helper_core::Error;
use api_key_helper_http::pem;
use reqwest::{Certificate, ClientBuilder, Identity};

/// The TLS settings of a source. The files are read at every attempt, for certificates rotate.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) ca_dir: Option<PathBuf>,
    pub(crate) client: Option<ClientCertificate>,
    pub(crate) server_name: Option<String>,
    pub(crate) skip_verify: bool,
}

/// A certificate chain and its key, both PEM.
#[derive(Debug)]
pub(crate) struct ClientCertificate {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Tls {
    /// Adds the settings to `builder`: the operating system's roots and ours are trusted.
    pub(crate) fn apply(&self, mut builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let roots = self.roots();
        let hint = "see `ca_file` and `ca_dir` of the source";
        builder = builder.tls_certs_merge(roots.map_err(|error| error.with_hint(hint))?);
        if let Some(client) = &self.client {
            builder = builder.identity(client.identity()?);
        }
        Ok(builder.tls_danger_accept_invalid_certs(self.skip_verify))
    }

    fn roots(&self) -> Result<Vec<Certificate>, Error> {
        let mut roots = Vec::new();
        if let Some(file) = &self.ca_file {
            roots.extend(pem::authorities(file)?);
        }
        if let Some(folder) = &self.ca_dir {
            roots.extend(authorities_in(folder)?);
        }
        Ok(roots)
    }
}

impl ClientCertificate {
    fn identity(&self) -> Result<Identity, Error> {
        let hint = "see `client_cert` and `client_key` of the source";
        let read = |file: &Path| pem::read(file).map_err(|error| error.with_hint(hint));
        let mut both = read(&self.cert)?;
        both.push(b'\n');
        both.extend_from_slice(&read(&self.key)?);
        Identity::from_pem(&both).map_err(|_| {
            Error::misconfigured(format!(
                "`{}` and `{}` are not a certificate and its key in PEM form",
                self.cert.display(),
                self.key.display()
            ))
            .with_hint("see `client_cert` and `client_key`; a key with a passphrase cannot be used")
        })
    }
}

/// All the certificates in the files of `folder`: one at least.
fn authorities_in(folder: &Path) -> Result<Vec<Certificate>, Error> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| pem::unreadable(folder, &error))? {
        let file = file.map_err(|error| pem::unreadable(folder, &error))?.path();
        if file.is_file() {
            found.extend(pem::certificates(&file)?);
        }
    }
    if found.is_empty() { Err(pem::no_certificate(folder)) } else { Ok(found) }
}
