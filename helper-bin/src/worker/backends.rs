//! The backends compiled in.

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Backend, Error};
use clap::builder::PossibleValuesParser;

use crate::questions::Question;
use crate::settings::Settings;

/// How a backend is called, built, and shown to somebody who begins: by questions, and as a
/// commented source.
pub(crate) struct Compiled {
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    pub(crate) says: &'static str,
    build: fn(&SourceTable) -> Result<Box<dyn Backend>, Error>,
    pub(crate) questions: &'static [Question],
    template: &'static str,
}

const COMPILED: &[Compiled] = &[
    #[cfg(feature = "script")]
    Compiled {
        name: "script",
        says: "a program of yours prints it",
        build: api_key_helper_script::build,
        questions: crate::questions::script::QUESTIONS,
        template: include_str!("templates/script.toml"),
    },
    #[cfg(feature = "aws")]
    Compiled {
        name: "aws",
        says: "AWS Secrets Manager",
        build: api_key_helper_aws::build,
        questions: crate::questions::aws::QUESTIONS,
        template: include_str!("templates/aws.toml"),
    },
    #[cfg(feature = "oidc")]
    Compiled {
        name: "oidc",
        says: "you sign in with your identity provider",
        build: api_key_helper_oidc::build,
        questions: crate::questions::oidc::QUESTIONS,
        template: include_str!("templates/oidc.toml"),
    },
    #[cfg(feature = "vault")]
    Compiled {
        name: "vault",
        says: "HashiCorp Vault or OpenBao",
        build: api_key_helper_vault::build,
        questions: crate::questions::vault::QUESTIONS,
        template: include_str!("templates/vault.toml"),
    },
    #[cfg(feature = "exchange")]
    Compiled {
        name: "exchange",
        says: "another token is traded for it",
        build: api_key_helper_exchange::build,
        questions: crate::questions::exchange::QUESTIONS,
        template: include_str!("templates/exchange.toml"),
    },
];

/// Backends that this program can have, by the name of their Cargo feature.
const KNOWN: &[&str] = &["aws", "exchange", "oidc", "script", "vault"];

/// What `init` writes when nobody says otherwise.
pub(crate) const DEFAULT: &str = match COMPILED {
    [first, ..] => first.name,
    [] => "",
};

/// The names that `init` takes.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(COMPILED.iter().map(|backend| backend.name))
}

/// All of them.
pub(crate) fn all() -> &'static [Compiled] {
    COMPILED
}

impl Compiled {
    /// The configuration that `init` writes for it, with these settings of its source.
    pub(crate) fn configuration(&self, settings: &Settings) -> String {
        let profile = include_str!("templates/profile.toml").replace("NAME", self.name);
        let source = self.template.to_owned() + include_str!("templates/every-source.toml");
        profile + &settings.fill(&source)
    }
}

/// Builds the backend `name` from a source's table.
///
/// # Errors
/// Misconfigured: there is no such backend, or it is not compiled in, or its table is wrong.
pub(crate) fn build(name: &str, table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    if let Some(backend) = find(name) {
        return (backend.build)(table);
    }
    let has = COMPILED.iter().map(|backend| backend.name).collect::<Vec<_>>().join("`, `");
    Err(if KNOWN.contains(&name) {
        table
            .error("backend", format!("`{name}` is not compiled in"))
            .with_hint(format!("install with `cargo install … --features {name}`"))
    } else {
        table
            .error("backend", format!("there is no backend `{name}`"))
            .with_hint(format!("this program has `{has}`"))
    })
}

/// The one of that name.
pub(crate) fn find(name: &str) -> Option<&'static Compiled> {
    COMPILED.iter().find(|backend| backend.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Value;

    #[test]
    fn each_template_has_a_line_for_each_question() {
        for backend in COMPILED {
            for question in backend.questions {
                let value = Value::Text("answer".to_owned());
                let settings = Settings::default().with(question.key, Some(&value));
                let before = backend.configuration(&Settings::default());
                let after = backend.configuration(&settings);
                let line = format!("\n{} = \"answer\"\n", question.key);
                assert!(after.contains(&line), "{}: {after}", backend.name);
                assert_eq!(before.lines().count(), after.lines().count(), "{}", question.key);
            }
        }
    }
}
