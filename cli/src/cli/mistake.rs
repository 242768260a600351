//! Errors for a mistyped command line.

use api_key_helper_values::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

const SEE_HELP: &str = "see `api-key-helper --help`";
/// Clap's label of the usage line.
const USAGE: &str = "Usage: ";

/// The options of `get`, the default command.
const OF_GET: [&str; 3] = ["--deadline", "--format", "--refresh"];

/// Refuses an option of `get` in front of another command.
pub(super) fn of_get(option: &str) -> Error {
    Error::misconfigured(format!("`{option}` is for `get`"))
        .with_hint("leave the option out, or the command")
}

/// Converts clap's refusal to our form: its first line, and its suggestion as the hint.
pub(super) fn refusal(error: &clap::Error) -> Error {
    let rendered = error.to_string();
    let message = rendered.lines().next().unwrap_or_default();
    let message = in_backticks(message.strip_prefix("error: ").unwrap_or(message));
    // Clap lists missing arguments on separate lines.
    let message = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            format!("`{}` is missing", missing.join("`, `"))
        }
        _ => message,
    };
    let suggestion =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .into_iter()
            .find_map(|kind| error.get(kind));
    let choices = error.get(ContextKind::ValidValue).map(ToString::to_string);
    let choices = choices.filter(|choices| !choices.is_empty());
    let usage = rendered.lines().find_map(|line| line.strip_prefix(USAGE)).unwrap_or_default();
    let see = see(usage);
    let of_get = error.get(ContextKind::InvalidArg).map(ToString::to_string).and_then(|argument| {
        OF_GET.into_iter().find(|option| argument.split(['=', ' ']).next() == Some(option))
    });
    Error::misconfigured(message).with_hint(match (suggestion, choices) {
        _ if usage.contains(" -- ") && is_unexpected_word(error) => {
            format!("write `--` before the program; {see}")
        }
        _ if error.kind() == ErrorKind::UnknownArgument && of_get.is_some() => {
            format!("`{}` is for `get`; {see}", of_get.unwrap_or_default())
        }
        (Some(suggestion), _) => format!("did you mean `{suggestion}`? {see}"),
        (None, Some(choices)) => {
            format!("it can be `{}`", choices.replace(", ", "`, `"))
        }
        (None, None) => see,
    })
}

/// Replaces clap's quotes with backticks. An apostrophe between two letters is no quote.
fn in_backticks(message: &str) -> String {
    let mut before = ' ';
    let mut rest = message.chars().peekable();
    let mut text = String::new();
    while let Some(c) = rest.next() {
        let is_apostrophe =
            before.is_alphanumeric() && rest.peek().is_some_and(|c| c.is_alphanumeric());
        text.push(if c == '\'' && !is_apostrophe { '`' } else { c });
        before = c;
    }
    text
}

/// Points to the help page of the command in `usage`.
fn see(usage: &str) -> String {
    let is_command = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let command: Vec<&str> = usage.split(' ').take_while(is_command).collect();
    if command.is_empty() {
        SEE_HELP.to_owned()
    } else {
        format!("see `{} --help`", command.join(" "))
    }
}

/// Returns whether clap refused a word that is not an option.
fn is_unexpected_word(error: &clap::Error) -> bool {
    error.kind() == ErrorKind::UnknownArgument
        && error
            .get(ContextKind::InvalidArg)
            .is_some_and(|argument| !argument.to_string().starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;

    #[test]
    fn invalid_argument_names_the_nearest_option() {
        let error = refused(&["get", "--refrehs"]);
        assert_eq!(error.message(), "unexpected argument `--refrehs` found");
        assert_eq!(
            error.hint(),
            Some(&"did you mean `--refresh`? see `api-key-helper get --help`".into())
        );
        let error = refused(&["init", "--backend", "nowhere"]);
        assert!(error.hint().unwrap().to_string().starts_with("it can be `script`"), "{error:?}");
        let error = refused(&["init", "--set", "timeout=5s"]);
        assert_eq!(error.message(), "`--backend <NAME>` is missing");
        assert_eq!(error.hint(), Some(&"see `api-key-helper init --help`".into()));
        let error = refused(&["exec", "env", "-0"]);
        assert_eq!(error.message(), "unexpected argument `env` found");
        let hint = "write `--` before the program; see `api-key-helper exec --help`";
        assert_eq!(error.hint(), Some(&hint.into()));
        let error = refused(&["exec", "--envv", "A", "--", "env"]);
        assert!(
            error.hint().unwrap().to_string().starts_with("did you mean `--env`?"),
            "{error:?}"
        );
        let error = refused(&["exec", "--env", "A=B", "--", "env"]);
        assert!(error.message().ends_with("a variable's name has no `=`, and is not empty"));
        assert!(refused(&["stauts"]).hint().unwrap().to_string().contains("`status`"));
        assert!(refused(&["get", "--deadline", "5"]).message().contains("write it as"));
    }
}
