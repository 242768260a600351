//! Arguments that arrive after the command line. Cargo runs its credential providers with
//! `--cargo-plugin` alone, and sends their arguments with each request
//! (<https://doc.rust-lang.org/cargo/reference/credential-provider-protocol.html>).

use api_key_helper_values::Error;

use super::{Call, Cli, Command, Get, one_profile, refusal, with_options};

impl Call {
    /// Merges Cargo's arguments into this call.
    pub(crate) fn with_arguments(&self, arguments: &[String]) -> Result<Self, Error> {
        let line = std::iter::once("api-key-helper").chain(arguments.iter().map(String::as_str));
        let Cli { profile, config, get, command } =
            Cli::read(line, self.backends).map_err(|error| refusal(&error))?;
        let before = Get { form: get.form.of_cargo(), ..get };
        let (mut command, format) = with_options(&before, command)?;
        if let (Command::Get(own), Command::Get(more)) = (&self.command, &mut command) {
            more.refresh |= own.refresh;
            more.deadline = more.deadline.or(own.deadline);
        }
        Ok(Self {
            profile: one_profile(profile, self.profile.clone())?,
            config: config.or_else(|| self.config.clone()),
            command,
            format,
            asked_at: self.asked_at,
            backends: self.backends,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use api_key_helper_formats::FormatName;

    use super::super::Parsed;
    use super::super::tests::parse;
    use super::*;

    fn both(line: &str, more: &[&str]) -> Result<Call, Error> {
        let Ok(Parsed::Call(call)) = parse(line.split(' ').map(OsString::from).collect()) else {
            panic!("{line} is no call");
        };
        call.with_arguments(&more.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn cargo_plugin_arguments_count_as_the_command_line() {
        let call = both("--cargo-plugin", &["--profile", "work", "--config", "/c"]).unwrap();
        assert_eq!((call.profile.as_deref(), call.format), (Some("work"), Some(FormatName::Cargo)));
        assert_eq!(call.config.as_deref(), Some(Path::new("/c")));
    }

    #[test]
    fn cargo_plugin_without_arguments_keeps_the_command_line() {
        let call = both("--profile work get --refresh --cargo-plugin", &[]).unwrap();
        assert_eq!((call.profile.as_deref(), call.format), (Some("work"), Some(FormatName::Cargo)));
        assert!(matches!(call.command, Command::Get(Get { refresh: true, .. })));
    }

    #[test]
    fn cargo_plugin_argument_that_contradicts_is_refused() {
        for more in [&["--profile", "home"][..], &["--format", "json"], &["status"], &["--refrehs"]]
        {
            assert!(both("--profile work --cargo-plugin", more).is_err(), "{more:?}");
        }
    }
}
