//! All that a program needs to know of a backend.

use crate::{Backend, Error, Question, SourceTable};

/// A backend as a program is given it: how it is called, built, and shown to a new user.
///
/// A backend's crate has one as a constant, by convention `REGISTRATION`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Registration {
    /// The value of `backend` in a source's table.
    pub name: &'static str,
    /// A few words about it: `init` shows them beside the name.
    pub says: &'static str,
    /// Builds a source from its table. Only the shape is checked there: nothing is asked.
    pub build: Build,
    /// The table that `init` writes, with comments; empty where nothing but `backend` is needed.
    pub template: &'static str,
    /// The questions of `init` at a terminal. Each answer takes its setting's line in the template.
    pub questions: &'static [Question],
    /// The keys of such a source beside those of every source.
    #[cfg(feature = "schema")]
    pub schema: Option<Schema>,
}

/// Builds a source from its table.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub type Build = fn(&SourceTable) -> Result<Box<dyn Backend>, Error>;

/// Makes a JSON schema.
#[cfg(feature = "schema")]
pub type Schema = fn(&mut schemars::SchemaGenerator) -> schemars::Schema;

impl Registration {
    /// One that `init` writes a table without any setting for.
    #[must_use]
    pub const fn new(name: &'static str, says: &'static str, build: Build) -> Self {
        Self {
            name,
            says,
            build,
            template: "",
            questions: &[],
            #[cfg(feature = "schema")]
            schema: None,
        }
    }

    /// With the table that `init` writes, which begins with `[source.NAME]`.
    #[must_use]
    pub const fn with_template(self, template: &'static str) -> Self {
        Self { template, ..self }
    }

    /// With what `init` asks.
    #[must_use]
    pub const fn with_questions(self, questions: &'static [Question]) -> Self {
        Self { questions, ..self }
    }

    /// With the type that reads the table.
    #[cfg(feature = "schema")]
    #[must_use]
    pub const fn with_schema<T: schemars::JsonSchema>(self) -> Self {
        Self { schema: Some(T::json_schema), ..self }
    }
}
