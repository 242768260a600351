//! The route to an OAuth server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api_key_helper_backend::{Attempt, Error, SourceTable};

use crate::{Address, Client, ProxyVariables, build, client, pem};

/// The certificate authorities that a source trusts besides those of the operating system, and the
/// proxies of its environment.
#[derive(Debug, Default)]
pub struct Route {
    ca_file: Option<PathBuf>,
    proxies: ProxyVariables,
}

impl Route {
    /// Returns the route of the source in `table`, whose key `ca_file` has this value.
    #[must_use]
    pub fn read(table: &SourceTable, ca_file: Option<&Path>) -> Self {
        Self {
            ca_file: ca_file.map(|file| table.path("ca_file", file)),
            proxies: ProxyVariables::read(&[], |name| table.unrecorded(name)),
        }
    }

    /// Returns a client for `address`, which connects within `time`. The file is read each time,
    /// because certificates rotate.
    ///
    /// # Errors
    /// `Misconfigured`: the proxy or the file cannot be used.
    pub fn client(
        &self,
        address: &Address,
        time: Duration,
        attempt: &dyn Attempt,
    ) -> Result<Client, Error> {
        let way = self.proxies.way_to(address.url())?;
        let mut builder = client(address.url(), &way)?.connect_timeout(time);
        if address.is_https() {
            let file = self.ca_file.as_deref();
            let roots = file.map(|file| pem::authorities(file, attempt)).transpose();
            let roots = roots.map_err(|error| error.or_hint(HINT))?;
            builder = builder.tls_certs_merge(roots.unwrap_or_default());
        }
        build(builder, &way, HINT)
    }
}

const HINT: &str = "check `ca_file` of the source";
