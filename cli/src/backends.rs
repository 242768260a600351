//! The backends of this program.

use api_key_helper_backend::{Backend, Registration, SourceTable};
use api_key_helper_values::Error;

use crate::settings::Settings;

/// The backends compiled in, and the names of those that are not. `init` offers the first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backends {
    compiled: &'static [Registration],
    /// Names of Cargo features that would add a backend.
    left_out: &'static [&'static str],
}

impl Backends {
    pub(crate) const fn new(
        compiled: &'static [Registration],
        left_out: &'static [&'static str],
    ) -> Self {
        Self { compiled, left_out }
    }

    pub(crate) const fn all(self) -> &'static [Registration] {
        self.compiled
    }

    /// The backend that `init` uses if none is named.
    pub(crate) fn default_name(self) -> &'static str {
        self.compiled.first().map_or("", |first| first.name)
    }

    pub(crate) fn find(self, name: &str) -> Option<&'static Registration> {
        self.compiled.iter().find(|backend| backend.name == name)
    }

    /// Builds the backend `name` from a source's table.
    pub(crate) fn build(self, name: &str, table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
        if let Some(backend) = self.find(name) {
            return (backend.build)(table);
        }
        Err(if self.left_out.contains(&name) {
            table
                .error("backend", format!("`{name}` is not compiled in"))
                .with_hint(format!("install with `cargo install … --features {name}`"))
        } else {
            let names = self.compiled.iter().map(|backend| backend.name);
            let has = names.collect::<Vec<_>>().join("`, `");
            table
                .error("backend", format!("there is no backend `{name}`"))
                .with_hint(format!("this program has `{has}`"))
        })
    }
}

/// Returns the configuration that `init` writes for `backend` with these settings.
pub(crate) fn configuration(backend: &Registration, settings: &Settings) -> String {
    let name = backend.name;
    let profile = include_str!("templates/profile.toml").replace("NAME", name);
    let bare = format!("[source.{name}]\nbackend = \"{name}\"\n");
    let own = if backend.template.is_empty() { &bare } else { backend.template };
    let source = own.to_owned() + include_str!("templates/every-source.toml");
    profile + &settings.fill(&source)
}
