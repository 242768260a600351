//! How the server proves who it is, and how we do.

use std::fs;
use std::path::{Path, PathBuf};

use api_key_helper_core::Error;
use reqwest::{Certificate, ClientBuilder, Identity};
use zeroize::Zeroizing;

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
        builder = builder.tls_certs_merge(self.roots()?);
        if let Some(client) = &self.client {
            builder = builder.identity(client.identity()?);
        }
        Ok(builder.tls_danger_accept_invalid_certs(self.skip_verify))
    }

    fn roots(&self) -> Result<Vec<Certificate>, Error> {
        let mut roots = Vec::new();
        if let Some(file) = &self.ca_file {
            let found = certificates(file)?;
            if found.is_empty() {
                return Err(no_certificate(file));
            }
            roots.extend(found);
        }
        if let Some(folder) = &self.ca_dir {
            let before = roots.len();
            for file in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
                let file = file.map_err(|error| unreadable(folder, &error))?.path();
                if file.is_file() {
                    roots.extend(certificates(&file)?);
                }
            }
            if roots.len() == before {
                return Err(no_certificate(folder));
            }
        }
        Ok(roots)
    }
}

impl ClientCertificate {
    fn identity(&self) -> Result<Identity, Error> {
        let mut pem = Zeroizing::new(read(&self.cert)?);
        pem.push(b'\n');
        pem.extend_from_slice(&Zeroizing::new(read(&self.key)?));
        Identity::from_pem(&pem).map_err(|_| {
            Error::misconfigured(format!(
                "`{}` and `{}` are not a certificate and its key in PEM form",
                self.cert.display(),
                self.key.display()
            ))
            .with_hint("see `client_cert` and `client_key`; a key with a passphrase cannot be used")
        })
    }
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, Error> {
    Certificate::from_pem_bundle(&read(file)?).map_err(|_| no_certificate(file))
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::misconfigured(format!("`{}` cannot be read: {error}", path.display()))
        .with_hint("see `ca_file`, `ca_dir`, `client_cert` and `client_key` of the source")
}

fn no_certificate(path: &Path) -> Error {
    Error::misconfigured(format!("`{}` holds no certificate in PEM form", path.display()))
        .with_hint("see `ca_file` and `ca_dir` of the source")
}
