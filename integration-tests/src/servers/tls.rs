//! Certificates, and servers that use them.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use crate::{executables, install};

/// An authority with its certificates and those of others, made by `openssl`.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The certificate, in PEM form.
    pub cert: PathBuf,
    /// The key, in PEM form.
    pub key: PathBuf,
}

/// The extension of a certificate for this machine.
pub const HERE: &str = "subjectAltName=IP:127.0.0.1,DNS:localhost";

impl Authority {
    /// Makes an authority with the name `authority`.
    ///
    /// # Panics
    /// `openssl` fails.
    #[must_use]
    pub fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().expect("a folder") };
        authority.make("authority", None, &[], &[]);
        authority
    }

    /// Returns the certificate of that name.
    #[must_use]
    pub fn pair(&self, name: &str) -> Pair {
        let file = |ending: &str| self.folder.path().join(format!("{name}.{ending}"));
        Pair { cert: file("pem"), key: file("key") }
    }

    /// Returns the authority's own certificate.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.pair("authority").cert
    }

    /// Makes a certificate with these extensions, signed by the authority.
    #[must_use]
    pub fn sign(&self, name: &str, extensions: &[&str]) -> Pair {
        self.sign_by("authority", name, extensions)
    }

    /// Makes a certificate that is signed by another certificate.
    #[must_use]
    pub fn sign_by(&self, signer: &str, name: &str, extensions: &[&str]) -> Pair {
        self.make(name, Some(signer), extensions, &[])
    }

    /// Makes a certificate that is signed with SHA-1.
    #[must_use]
    pub fn sign_with_sha1(&self, name: &str, extensions: &[&str]) -> Pair {
        self.make(name, Some("authority"), extensions, &["-sha1"])
    }

    /// Makes a self-signed certificate.
    #[must_use]
    pub fn self_signed(&self, name: &str, extensions: &[&str]) -> Pair {
        self.make(name, None, extensions, &[])
    }

    fn make(&self, name: &str, signer: Option<&str>, extensions: &[&str], more: &[&str]) -> Pair {
        let pair = self.pair(name);
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        openssl.args(["-nodes", "-days", "2", "-subj", &format!("/CN={name}")]);
        openssl.arg("-keyout").arg(&pair.key).arg("-out").arg(&pair.cert).args(more);
        if let Some(signer) = signer {
            let signer = self.pair(signer);
            openssl.arg("-CA").arg(signer.cert).arg("-CAkey").arg(signer.key);
        }
        let says_which = extensions.iter().any(|extension| extension.starts_with("basicConstr"));
        let no_authority = (signer.is_some() && !says_which).then_some("basicConstraints=CA:FALSE");
        for extension in extensions.iter().copied().chain(no_authority) {
            openssl.args(["-addext", extension]);
        }
        run(&mut openssl);
        pair
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Pair {
    /// Returns the same certificate, with a passphrase on the key.
    ///
    /// # Panics
    /// `openssl` fails.
    #[must_use]
    pub fn encrypted(&self) -> Self {
        let key = self.key.with_extension("encrypted");
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-aes256", "-passout", "pass:made-up", "-in"]).arg(&self.key);
        run(openssl.arg("-out").arg(&key));
        Self { cert: self.cert.clone(), key }
    }
}

fn run(openssl: &mut Command) {
    let child = executables::start(openssl.stderr(std::process::Stdio::piped())).expect("openssl");
    let output = child.wait_with_output().expect("its end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A TLS proxy in front of a server without TLS.
#[derive(Debug)]
pub struct TlsFront {
    port: String,
    _process: Process,
    _folder: TempDir,
}

impl TlsFront {
    /// Starts a proxy with the certificate of `pair` in front of `upstream`.
    #[must_use]
    pub fn to(upstream: &str, pair: &Pair) -> Self {
        Self::start(upstream, pair, None)
    }

    /// Starts a proxy that requires a client certificate signed by `authority`.
    #[must_use]
    pub fn for_clients_of(authority: &Path, upstream: &str, pair: &Pair) -> Self {
        Self::start(upstream, pair, Some(authority))
    }

    fn start(upstream: &str, pair: &Pair, client_authority: Option<&Path>) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/servers/tls-front.py");
        let folder = tempfile::tempdir().expect("a folder");
        let (_, port) = upstream.rsplit_once(':').expect("a port");
        let mut command = Command::new(install::python());
        command.args([script, port]).arg(&pair.cert).arg(&pair.key).args(client_authority);
        let mut process = Process::start(&command, folder.path());
        assert!(process.wait_until_log_has("."), "{}", process.log());
        let log = process.log();
        let port = log.trim().strip_prefix("listens on ").and_then(|port| port.strip_suffix('.'));
        let port = port.unwrap_or_else(|| panic!("{log}")).to_owned();
        Self { port, _process: process, _folder: folder }
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }
}
