//! The backends that this program has.

use api_key_helper_backend::{Backend, Registration, SourceTable};
use api_key_helper_values::Error;

use crate::settings::Settings;

/// Which there are, the first being what `init` proposes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backends {
    compiled: &'static [Registration],
    /// Names of Cargo features that would add others.
    left_out: &'static [&'static str],
}

impl Backends {
    pub(crate) const fn new(
        compiled: &'static [Registration],
        left_out: &'static [&'static str],
    ) -> Self {
        Self { compiled, left_out }
    }

    /// All of them.
    pub(crate) const fn all(self) -> &'static [Registration] {
        self.compiled
    }

    /// The name of the one that is meant where none is named.
    pub(crate) fn default_name(self) -> &'static str {
        self.compiled.first().map_or("", |first| first.name)
    }

    /// The one of that name.
    pub(crate) fn find(self, name: &str) -> Option<&'static Registration> {
        self.compiled.iter().find(|backend| backend.name == name)
    }

    /// Builds the backend `name` from a source's table.
    ///
    /// # Errors
    /// Misconfigured: there is no such backend, or it is not compiled in, or its table is wrong.
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

/// The configuration that `init` writes for `backend`, with these settings of its source.
pub(crate) fn configuration(backend: &Registration, settings: &Settings) -> String {
    let name = backend.name;
    let profile = include_str!("templates/profile.toml").replace("NAME", name);
    let bare = format!("[source.{name}]\nbackend = \"{name}\"\n");
    let own = if backend.template.is_empty() { &bare } else { backend.template };
    let source = own.to_owned() + include_str!("templates/every-source.toml");
    profile + &settings.fill(&source)
}
