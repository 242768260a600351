//! The backends of the worker, each with a Cargo feature of its name. `init` offers the first one
//! by default.

#![cfg(feature = "worker")]

use api_key_helper_cli::Registration;

macro_rules! backends {
    ($($name:literal: $registration:path,)*) => {
        /// The compiled-in backends.
        pub const BACKENDS: &[Registration] = &[$(#[cfg(feature = $name)] $registration,)*];
        /// The names of the other backends.
        pub const LEFT_OUT: &[&str] = &[$(#[cfg(not(feature = $name))] $name,)*];
    };
}

backends! {
    "script": api_key_helper_script::REGISTRATION,
    "aws": api_key_helper_aws::REGISTRATION,
    "oidc": api_key_helper_oidc::REGISTRATION,
    "vault": api_key_helper_vault::REGISTRATION,
    "exchange": api_key_helper_exchange::REGISTRATION,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_template_of_each_backend_has_a_line_for_each_question() {
        for backend in BACKENDS {
            let name = backend.name;
            let begin = format!("[source.{name}]\nbackend = \"{name}\"\n");
            assert!(backend.template.starts_with(&begin), "{name}");
            for question in backend.questions {
                let line = format!("{} = ", question.key);
                let mut lines = backend.template.lines().map(|line| line.trim_start_matches('#'));
                assert!(lines.any(|found| found.starts_with(&line)), "{name}: {line}");
            }
        }
    }
}
