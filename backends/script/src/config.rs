//! Reads a script source's table: the raw configuration is known only here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use api_key_helper_backend::{CHAIN_VARIABLE, Error, SecretInput, SourceTable};
use serde::Deserialize;

use crate::executable::Executable;
use crate::invocation::Invocation;
use crate::output::Format;
use crate::shell::{self, DEFAULT_SHELL};

/// Everything that a source's table says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) invocation: Invocation,
    pub(crate) format: Format,
    pub(crate) stdin: Option<SecretInput>,
}

/// The table as TOML has it.
#[derive(Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("oneOf" = [{ "required": ["command"] }, { "required": ["shell_command"] }]))
)]
pub(crate) struct RawConfig {
    /// The program and its arguments, run directly.
    ///
    /// Default: required, unless there is `shell_command`.
    command: Option<Vec<String>>,
    /// A line that `shell -c` runs, instead of `command`. On Windows, PowerShell gets it by
    /// `-Command`, and `cmd` by `/d /s /c`.
    shell_command: Option<String>,
    /// The shell, by its absolute path.
    ///
    /// Default: `/bin/bash`; on Windows `C:\Windows\System32\cmd.exe`.
    ///
    /// Also: `API_KEY_HELPER_SHELL`.
    shell: Option<String>,
    /// The form of stdout: the key alone (`"raw"`), a document with the key in it (`"json"`), a JSON
    /// object that is the key (`"document"`), or `"json"` if it begins with `{`, else `"raw"`.
    ///
    /// Default: `"auto"`.
    #[serde(default)]
    output: Format,
    /// Variables for the program, beside those that it inherits. Not for secrets.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// The folder in which the program runs.
    ///
    /// Default: the folder of the configuration file.
    cwd: Option<String>,
    /// A secret input that the program finds on its stdin, as one line.
    ///
    /// Default: empty.
    stdin: Option<SecretInput>,
}

impl Settings {
    /// Reads the table of a script source.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let raw: RawConfig = table.parse()?;
        check_variables(table, &raw.env)?;
        let (key, invocation) = match (raw.command, raw.shell_command) {
            (Some(command), None) => {
                if raw.shell.is_some() {
                    return Err(table
                        .error("shell", "only `shell_command` is run by a shell")
                        .with_hint(
                            "remove `shell`, or write `shell_command` instead of `command`",
                        ));
                }
                ("command", direct(table, &command)?)
            }
            (None, Some(text)) => ("shell_command", by_shell(table, raw.shell, text)?),
            (None, None) => {
                return Err(table
                    .error("command", "a script source has `command` or `shell_command`")
                    .with_hint("write `command = [\"/absolute/path/of/the/program\"]`"));
            }
            (Some(_), Some(_)) => {
                return Err(table
                    .error(
                        "shell_command",
                        "a script source has either `command` or `shell_command`",
                    )
                    .with_hint("remove one of them"));
            }
        };
        let folder = match &raw.cwd {
            Some(cwd) => {
                check_text(table, "cwd", cwd)?;
                table.path("cwd", Path::new(cwd))
            }
            None => table.path(key, Path::new("")),
        };
        let invocation = Invocation { folder, variables: raw.env, ..invocation };
        let stdin = raw.stdin.map(|input| table.input("stdin", input));
        Ok(Self { invocation, format: raw.output, stdin })
    }
}

fn direct(table: &SourceTable, command: &[String]) -> Result<Invocation, Error> {
    for text in command {
        check_text(table, "command", text)?;
    }
    let Some((program, arguments)) = command.split_first().filter(|(name, _)| !name.is_empty())
    else {
        return Err(table
            .error("command", "the program is missing")
            .with_hint("write its absolute path as the first element"));
    };
    let path = table.path("command", Path::new(program));
    let executable = Executable::new("command", program, path, table.place("command"));
    Ok(Invocation::new(executable, arguments.to_vec(), PathBuf::new()))
}

fn by_shell(table: &SourceTable, shell: Option<String>, text: String) -> Result<Invocation, Error> {
    check_text(table, "shell_command", &text)?;
    if text.trim().is_empty() {
        return Err(table
            .error("shell_command", "the command is empty")
            .with_hint("write what the shell is to run"));
    }
    let executable = match shell {
        Some(shell) => {
            check_text(table, "shell", &shell)?;
            let path = table.path("shell", Path::new(&shell));
            Executable::new("shell", &shell, path, table.place("shell"))
        }
        None => match table.filling("shell", SHELL_VARIABLE)? {
            Some(shell) => {
                let place = format!("variable `{SHELL_VARIABLE}`");
                Executable::new("shell", &shell, PathBuf::from(&shell), place)
            }
            None => {
                let place = table.place("shell_command");
                Executable::new("shell", DEFAULT_SHELL, PathBuf::from(DEFAULT_SHELL), place)
            }
        },
    };
    let (arguments, line) = shell::arguments(executable.path(), text);
    let invocation = Invocation { line, ..Invocation::new(executable, arguments, PathBuf::new()) };
    Ok(Invocation { shell_command_of: Some(table.name().to_owned()), ..invocation })
}

/// A system cannot pass a NUL to a program: it ends the text there.
fn check_text(table: &SourceTable, key: &str, text: &str) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(table.error(key, "there is a NUL in it").with_hint("remove it"));
    }
    Ok(())
}

fn check_variables(table: &SourceTable, variables: &BTreeMap<String, String>) -> Result<(), Error> {
    for (name, value) in variables {
        check_text(table, "env", name)?;
        check_text(table, "env", value)?;
        if name.is_empty() || name.contains('=') {
            return Err(table
                .error("env", "a variable's name is empty or has a `=`")
                .with_hint("write `env = { NAME = \"value\" }`"));
        }
        if name == CHAIN_VARIABLE {
            return Err(table
                .error("env", format!("`{CHAIN_VARIABLE}` is not for configurations to set"))
                .with_hint("remove it"));
        }
    }
    Ok(())
}

const SHELL_VARIABLE: &str = "API_KEY_HELPER_SHELL";

#[cfg(test)]
mod tests {
    use api_key_helper_backend::ErrorKind;
    use api_key_helper_backend::Variables;

    use super::*;

    fn table(text: &str, variables: &[(&str, &str)]) -> SourceTable {
        let variables: Variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        SourceTable::from_toml("s", text, Path::new("/conf"), variables).unwrap()
    }

    fn script(text: &str) -> Settings {
        Settings::read(&table(text, &[])).unwrap()
    }

    fn refused(text: &str) -> String {
        let error = Settings::read(&table(text, &[])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        format!("{error}; {}", error.hint().map(ToString::to_string).unwrap_or_default())
    }

    #[test]
    fn script_paths_are_relative_to_the_configuration() {
        let invocation = script("command = ['keys/gen.sh', 'a']").invocation;
        assert_eq!(invocation.executable.path(), Path::new("/conf/keys/gen.sh"));
        assert_eq!(invocation.arguments, ["a"]);
        assert_eq!(invocation.folder, Path::new("/conf"));
        let invocation = script("command = ['/gen.sh']\ncwd = 'sub'").invocation;
        assert_eq!(invocation.executable.path(), Path::new("/gen.sh"));
        assert_eq!(invocation.folder, Path::new("/conf/sub"));
    }

    #[test]
    fn shell_setting_beats_the_shell_variable() {
        let shell = |text: &str, variables: &[(&str, &str)]| {
            let table = table(text, variables);
            let invocation = Settings::read(&table).unwrap().invocation;
            (invocation.executable.path().to_owned(), table.reads().variables.len())
        };
        let variable: &[_] = &[(SHELL_VARIABLE, "/bin/zsh")];
        assert_eq!(shell("shell_command = 'a'", &[]), (DEFAULT_SHELL.into(), 1));
        assert_eq!(shell("shell_command = 'a'", variable), ("/bin/zsh".into(), 1));
        let text = "shell_command = 'a'\nshell = '/bin/sh'";
        // What has no part in the answer must not make a cached one invalid.
        assert_eq!(shell(text, variable), ("/bin/sh".into(), 0));
        assert_eq!(shell("command = ['/a']", variable), ("/a".into(), 0));
    }

    #[test]
    fn invalid_script_settings_name_their_line_and_fix() {
        assert_eq!(
            refused("output = 'raw'"),
            "`source.s.command`: a script source has `command` or `shell_command`; \
             write `command = [\"/absolute/path/of/the/program\"]`"
        );
        let file = Path::new("/conf").join("config.toml");
        let both = "a script source has either `command` or `shell_command`; remove one of them";
        assert_eq!(
            refused("command = ['/a']\nshell_command = 'b'"),
            format!("{}:2:1: `source.s.shell_command`: {both}", file.display())
        );
        assert!(
            refused("command = []").contains(":1:1: `source.s.command`: the program is missing")
        );
        assert!(refused("command = ['']").contains("the program is missing"));
        assert!(refused("shell_command = ' '").contains("the command is empty"));
        assert!(refused("command = ['/a']\nshell = '/bin/sh'").contains(":2:1: `source.s.shell`"));
        assert!(refused("comand = ['/a']").contains("did you mean `command`?"));
        assert!(refused("command = ['/a']\noutput = 'xml'").contains(":2:1: `source.s.output`"));
        assert!(refused("command = 'a b'").contains("`source.s.command`"));
        assert!(refused("command = ['/a']\nenv = { A = 1 }").contains(":2:9: `source.s.env.A`"));
        assert!(refused("command = ['/a']\nenv = { 'A=B' = 'c' }").contains("has a `=`"));
        assert!(refused("command = ['/a', \"b\\u0000\"]").contains("NUL"));
        let chain = refused("command = ['/a']\nenv = { API_KEY_HELPER_CHAIN = 'c' }");
        assert!(chain.contains("not for configurations to set"), "{chain}");
    }
}
