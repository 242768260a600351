//! How each shell is given the text that it runs.

use std::path::Path;

#[cfg(not(windows))]
pub(crate) const DEFAULT_SHELL: &str = "/bin/bash";
#[cfg(windows)]
pub(crate) const DEFAULT_SHELL: &str = r"C:\Windows\System32\cmd.exe";

/// A shell that each system has.
pub(crate) const EXAMPLE: &str = if cfg!(windows) { DEFAULT_SHELL } else { "/bin/sh" };

/// The arguments of `shell` by which it runs `text`; and the rest of its command line, which no
/// program takes apart but the shell itself.
pub(crate) fn arguments(shell: &Path, text: String) -> (Vec<String>, Option<String>) {
    // A path of Windows, wherever this is compiled.
    let name = shell.to_str().and_then(|path| path.rsplit(['\\', '/']).next()).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    match name.strip_suffix(".exe").unwrap_or(&name) {
        // Without what the registry has it run first; by `/s`, the outer quotes alone are taken
        // off.
        "cmd" => (words(&["/d", "/s", "/c"]), Some(format!("\"{text}\""))),
        // It exits with 1 for whatever fails, unless it is told otherwise.
        "powershell" | "pwsh" => {
            let text = format!(
                "{text}\nif (-not $?) {{ if ($LASTEXITCODE) {{ exit $LASTEXITCODE }}; exit 1 }}"
            );
            (words(&["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", &text]), None)
        }
        _ => (vec!["-c".to_owned(), text], None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_command_is_passed_by_each_shells_rules() {
        let given = |shell: &str| arguments(Path::new(shell), "a \"b c\"".to_owned());
        for shell in ["/bin/bash", "/bin/sh", r"C:\Program Files\Git\bin\bash.exe"] {
            assert_eq!(
                given(shell),
                (vec!["-c".to_owned(), "a \"b c\"".to_owned()], None),
                "{shell}"
            );
        }
        for shell in [r"C:\Windows\System32\cmd.exe", r"C:\Windows\System32\CMD.EXE"] {
            let (words, line) = given(shell);
            assert_eq!(
                (words.join(" ").as_str(), line.as_deref()),
                ("/d /s /c", Some("\"a \"b c\"\""))
            );
        }
        for shell in [r"C:\Program Files\PowerShell\7\pwsh.exe", r"C:\v1.0\powershell.exe"] {
            let (words, line) = given(shell);
            assert_eq!(words[..4], ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command"]);
            assert!(words[4].starts_with("a \"b c\"\n") && line.is_none(), "{words:?}");
        }
    }
}
