//! What depends on the backend in an error on the way.

/// A backend's own words for what goes wrong on the way to its server. Hints name its settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    /// Stands before an address that cannot be reached, as `vault at `; or nothing.
    pub server: &'static str,
    /// What to do when no answer comes.
    pub way: &'static str,
    /// What to do when another server may have answered.
    pub impostor: &'static str,
    /// What to do when the authority behind the server's certificate is unknown.
    pub authority: &'static str,
    /// What to do when the server's certificate is for another host.
    pub host: &'static str,
    /// What to do when the server wants another certificate of ours. `None`: the backend has none.
    pub client: Option<&'static str>,
}
