//! The formats `env`, `env-cmd` and `env-powershell`: lines that a shell runs.

use api_key_helper_backend::text::rfc3339;
use zeroize::Zeroizing;

use crate::{IssuedKey, VariableName};

/// The shell that runs the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// The `cmd` shell, by `for /f "delims=" %i in ('…') do @%i`.
    Cmd,
    /// A POSIX shell, by `eval`.
    Posix,
    /// PowerShell, by `Invoke-Expression`.
    PowerShell,
}

impl Shell {
    /// Returns lines that export the key and the issuer's expiry as two variables. Without an
    /// expiry, the second line unsets the variable, which may be left from an earlier key.
    pub(super) fn answer(self, given: &IssuedKey<'_>, name: &VariableName) -> Zeroizing<String> {
        let name = name.as_str();
        let end = given.expires_at.map(rfc3339);
        let mut lines = self.set(name, Some(given.key.expose()));
        let end = self.set(&format!("{name}_EXPIRES_AT"), end.as_deref());
        // Room for both lines: a string that grows leaves parts of the key in memory.
        lines = Zeroizing::new([lines.as_str(), end.as_str()].concat());
        lines
    }

    fn set(self, name: &str, value: Option<&str>) -> Zeroizing<String> {
        let line = match (self, value) {
            // `cmd` takes everything up to the last quote as the value, and does not expand it
            // again.
            (Self::Cmd, value) => format!("set \"{name}={}\"\n", value.unwrap_or_default()),
            (Self::Posix, Some(value)) => format!("export {name}={}\n", *quoted(value, r"'\''")),
            (Self::Posix, None) => format!("unset {name}\n"),
            (Self::PowerShell, Some(value)) => format!("$env:{name} = {}\n", *quoted(value, "''")),
            (Self::PowerShell, None) => format!("$env:{name} = $null\n"),
        };
        Zeroizing::new(line)
    }
}

/// Returns `text` in single quotes, where a shell takes everything but the quote literally
/// (POSIX.1-2024, 2.2.2 Single-Quotes; PowerShell, "about_Quoting_Rules"). Not `shlex`: its string
/// grows, which leaves parts of the key in memory.
fn quoted(text: &str, quote: &str) -> Zeroizing<String> {
    let quotes = text.matches('\'').count();
    let mut quoted = Zeroizing::new(String::with_capacity(text.len() + quotes * quote.len() + 2));
    quoted.push('\'');
    for (at, part) in text.split('\'').enumerate() {
        if at > 0 {
            quoted.push_str(quote);
        }
        quoted.push_str(part);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    fn written(shell: Shell, key: &str, end: Option<u64>) -> String {
        shell.answer(&given(key, end), &VariableName::default()).to_string()
    }

    #[test]
    fn env_format_quotes_the_key_for_each_shell() {
        let key = "a'b$(c)`d`\\%e%";
        assert_eq!(
            written(Shell::Posix, key, Some(2_000_000_000)),
            "export ANTHROPIC_API_KEY='a'\\''b$(c)`d`\\%e%'\n\
             export ANTHROPIC_API_KEY_EXPIRES_AT='2033-05-18T03:33:20Z'\n"
        );
        assert_eq!(
            written(Shell::PowerShell, key, Some(2_000_000_000)),
            "$env:ANTHROPIC_API_KEY = 'a''b$(c)`d`\\%e%'\n\
             $env:ANTHROPIC_API_KEY_EXPIRES_AT = '2033-05-18T03:33:20Z'\n"
        );
        assert_eq!(
            written(Shell::Cmd, key, Some(2_000_000_000)),
            "set \"ANTHROPIC_API_KEY=a'b$(c)`d`\\%e%\"\n\
             set \"ANTHROPIC_API_KEY_EXPIRES_AT=2033-05-18T03:33:20Z\"\n"
        );
    }

    #[test]
    fn env_format_without_expires_at_unsets_the_old_variable() {
        for (shell, expected) in [
            (Shell::Posix, "export ANTHROPIC_API_KEY='k'\nunset ANTHROPIC_API_KEY_EXPIRES_AT\n"),
            (
                Shell::PowerShell,
                "$env:ANTHROPIC_API_KEY = 'k'\n$env:ANTHROPIC_API_KEY_EXPIRES_AT = $null\n",
            ),
            (Shell::Cmd, "set \"ANTHROPIC_API_KEY=k\"\nset \"ANTHROPIC_API_KEY_EXPIRES_AT=\"\n"),
        ] {
            assert_eq!(written(shell, "k", None), expected);
        }
    }
}
