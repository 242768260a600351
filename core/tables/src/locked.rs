//! Locks of the system's file.

use api_key_helper_values::Error;

use crate::document::Place;

/// The keys that only the system's file may set.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    keys: Vec<Vec<String>>,
    place: Option<Place>,
}

impl Locked {
    /// The key that lists the locks.
    pub const KEY: &str = "locked";

    /// Returns locks on `keys`, each split into names, which are listed at `place`. `*` stands for
    /// any name.
    #[must_use]
    pub const fn new(keys: Vec<Vec<String>>, place: Option<Place>) -> Self {
        Self { keys, place }
    }

    /// Returns whether setting `path` changes a locked value: `path` itself, a table around it, or
    /// a value in it.
    #[must_use]
    pub fn covers(&self, path: &[String]) -> bool {
        self.keys.iter().any(|key| {
            let mut pairs = key.iter().zip(path);
            pairs.all(|(locked, name)| locked == ANY || locked == name)
        })
    }

    /// Returns the error of a setting at `place` that is locked.
    #[must_use]
    pub fn refusal(&self, path: &[String], place: &str) -> Error {
        let key = path.join(".");
        let by = self.place.as_ref().map_or_else(String::new, |place| format!(" by `{place}`"));
        Error::misconfigured(format!("{place} sets `{key}`, which is locked{by}"))
            .with_hint(format!("remove it from {place}, or ask the administrator of this machine"))
    }

    /// Checks the locks on settings of the source `name`, whose settings are `known`.
    ///
    /// # Errors
    /// `Misconfigured`: a lock is on an unknown setting.
    pub fn check_source(&self, name: &str, known: &[&str]) -> Result<(), Error> {
        let unknown = self.keys.iter().find(|key| match &key[..] {
            [section, source, setting, ..] => {
                section == "source" && source == name && !known.contains(&setting.as_str())
            }
            _ => false,
        });
        let Some(key) = unknown else { return Ok(()) };
        let place = self.place.as_ref().map_or_else(String::new, |place| format!("{place}: "));
        let message = format!("{place}`{}`: there is no setting `{}`", Self::KEY, key.join("."));
        Err(Error::misconfigured(message)
            .with_hint(format!("settings of source `{name}` are `{}`", known.join("`, `"))))
    }
}

/// The placeholder for any name in a lock.
const ANY: &str = "*";
