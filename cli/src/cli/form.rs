//! The part of the command line that names the key's format.

use api_key_helper_formats::FormatName;
use api_key_helper_values::Error;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::mistake;

/// Options for the format of the key.
#[derive(Debug, Default, Args)]
pub(super) struct Form {
    /// The form of the key, instead of the profile's
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: Option<FormatName>,
    /// Cargo says so to each program that it asks
    #[arg(long, hide = true)]
    cargo_plugin: bool,
}

impl Form {
    /// Marks the call as one made by Cargo.
    pub(super) fn of_cargo(self) -> Self {
        Self { cargo_plugin: true, ..self }
    }
}

/// Returns the format named `before` or `behind` the command: git and Cargo append their own words.
pub(super) fn format(
    before: &Form,
    behind: Option<&Form>,
    takes_format: bool,
) -> Result<Option<FormatName>, Error> {
    if !takes_format && (before.format.is_some() || before.cargo_plugin) {
        return Err(mistake::of_get("--format"));
    }
    let forms = [Some(before), behind].into_iter().flatten();
    let mut named = forms.clone().filter_map(|form| form.format);
    let (first, second) = (named.next(), named.next());
    let is_cargo = forms.into_iter().any(|form| form.cargo_plugin);
    let cargo = is_cargo.then_some(FormatName::Cargo);
    match (first.or(cargo), second.or(cargo)) {
        (Some(one), Some(other)) if one != other => Err(Error::misconfigured(format!(
            "both the formats `{}` and `{}` are asked for",
            one.name(),
            other.name()
        ))
        .with_hint("name one")),
        (one, _) => Ok(one),
    }
}

fn formats() -> impl TypedValueParser<Value = FormatName> {
    // Clap accepts only these names.
    let format = |name: String| FormatName::ALL.into_iter().find(|format| format.name() == name);
    let value = |format: FormatName| PossibleValue::new(format.name()).help(whose(format));
    PossibleValuesParser::new(FormatName::ALL.map(value))
        .map(move |name| format(name).unwrap_or_default())
}

/// The client that reads the format, for `--help`.
fn whose(format: FormatName) -> &'static str {
    match format {
        FormatName::Cargo => "Cargo's `credential-provider`",
        FormatName::ClaudeDesktop => "Claude Desktop's `inferenceCredentialHelper`",
        FormatName::Codex => "Codex's `auth` of a model provider",
        FormatName::CredentialProcess => "AWS's `credential_process`",
        FormatName::Env => "A shell's `eval`",
        FormatName::EnvCmd => "`for /f` of Windows' `cmd`",
        FormatName::EnvPowershell => "PowerShell's `Invoke-Expression`",
        FormatName::ExecCredential => "Kubernetes clients, from an `exec` of the kubeconfig",
        FormatName::Git => "Git's `credential.helper`",
        FormatName::GoogleExecutable => "Google's libraries, from an `executable`",
        FormatName::Headers => "Claude Code's `headersHelper` and `otelHeadersHelper`",
        FormatName::Json => "Programs: the key, its end and its source",
        FormatName::Raw => "Claude Code's `apiKeyHelper`, and all that want the key alone",
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::tests::{parse, refused};
    use super::super::{Call, Parsed};
    use super::*;

    fn call(arguments: &[&str]) -> Call {
        match parse(arguments.iter().map(OsString::from).collect()) {
            Ok(Parsed::Call(call)) => call,
            _ => panic!("{arguments:?} is no call"),
        }
    }

    #[test]
    fn git_and_cargo_arguments_follow_the_format_option() {
        for (line, format) in [
            ("get", None),
            ("--format json", Some(FormatName::Json)),
            ("get --format json", Some(FormatName::Json)),
            ("--format git get", Some(FormatName::Git)),
            ("--format git erase", Some(FormatName::Git)),
            ("--format cargo --cargo-plugin", Some(FormatName::Cargo)),
            ("get --format cargo --cargo-plugin", Some(FormatName::Cargo)),
            ("--profile work --cargo-plugin", Some(FormatName::Cargo)),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(call(&words).format, format, "{line}");
        }
        for line in ["--format json get --format git", "--format json --cargo-plugin"] {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(refused(&words).message().starts_with("both the formats"), "{line}");
        }
        assert_eq!(refused(&["--format", "json", "status"]).message(), "`--format` is for `get`");
        let error = refused(&["--format", "jsn"]);
        assert_eq!(error.hint(), Some(&"did you mean `json`? see `api-key-helper --help`".into()));
    }
}
