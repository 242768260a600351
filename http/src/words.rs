//! Texts of a backend for errors of a connection.

/// A backend's texts for errors of a connection. The hints name its settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    /// The text before an address that cannot be reached, such as `vault at `; or empty.
    pub server: &'static str,
    /// The hint for a missing response.
    pub way: &'static str,
    /// The hint for a response that another server may have sent.
    pub impostor: &'static str,
    /// The hint for a server certificate from an unknown authority.
    pub authority: &'static str,
    /// The hint for a server certificate of another host.
    pub host: &'static str,
    /// The hint for a rejected client certificate. `None` if the backend sends none.
    pub client: Option<&'static str>,
}
