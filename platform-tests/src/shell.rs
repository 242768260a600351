//! The shell by which clients run the helper.

use std::process::Command;

/// Returns the call of the shell that runs `line`, as Node's `spawn` makes it with the option `shell`.
#[cfg(not(windows))]
#[must_use]
pub fn command(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]);
    command
}

/// Returns the call of the shell that runs `line`, as Node's `spawn` makes it with the option `shell`.
#[cfg(windows)]
#[must_use]
pub fn command(line: &str) -> Command {
    use std::os::windows::process::CommandExt as _;

    let mut command = Command::new("cmd.exe");
    // With `/s`, `cmd` removes only the first and the last quote.
    command.raw_arg(format!("/d /s /c \"{line}\""));
    command
}

/// Quotes `word` for the shell.
#[must_use]
pub fn quote(word: &str) -> String {
    if cfg!(windows) { format!("\"{word}\"") } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
