//! Runs the helper as Claude Code does: by `/bin/sh -c` in this folder, without a terminal, with an
//! open and silent stdin, and with the settings' `env` over the environment.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use api_key_helper_script::{Observation, observe};
use api_key_helper_values::Key;

use super::finding::{Check, Finding};

/// Runs `line` and judges its outcome. Errors of `is_this_program` contain no secret, and are
/// shown.
pub(super) async fn rehearse(
    line: &str,
    env: &BTreeMap<&str, &str>,
    is_this_program: bool,
) -> Vec<Finding> {
    let mut command = shell(line);
    command.envs(env).env("CLAUDE_CODE_ENTRYPOINT", "cli");
    // The first three are set in the agent's own commands. With the others, the run would count as
    // one of a client that is running, and its key could be refused.
    for name in [
        "CLAUDECODE",
        "CLAUDE_CODE_CHILD_SESSION",
        "CLAUDE_PID",
        "CLAUDE_CODE_MESSAGING_SOCKET",
        "CLAUDE_CODE_MCP_SERVER_NAME",
    ] {
        command.env_remove(name);
    }
    match observe(command, LONGEST).await {
        Ok(observed) => judge(&observed, is_this_program),
        Err(error) => {
            let text = format!("the shell that runs the helper does not start: {error}");
            vec![Finding::error(Check::HelperRun, text, "look at `/bin/sh`")]
        }
    }
}

/// The finding for a helper that was not run, because `file` comes with the folder.
pub(super) fn refuse(file: &Path) -> Finding {
    Finding::warning(
        Check::HelperRun,
        format!(
            "the helper was not run, for `{}` has a say in what it does, and came with the folder",
            file.display()
        ),
        "if you trust this folder, run `api-key-helper doctor --trust-folder`",
    )
}

/// As in Claude Code 2.1.330.
#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line);
    command
}

/// As Node.js runs a line.
#[cfg(windows)]
fn shell(line: &str) -> Command {
    use std::os::windows::process::CommandExt as _;

    let mut command = Command::new("cmd");
    command.args(["/d", "/s", "/c"]).raw_arg(format!("\"{line}\""));
    command
}

fn judge(observed: &Observation, is_this_program: bool) -> Vec<Finding> {
    let Some(status) = observed.status else {
        let text = format!("the helper did not end within {} s, and was killed", LONGEST.as_secs());
        let hint = "run it by hand, and see what it waits for: it has no terminal and no input";
        return vec![Finding::error(Check::HelperRun, text, hint)];
    };
    let said = HelperMessage::of(&observed.stderr, is_this_program);
    let mut findings = vec![about_time(observed.took)];
    if !status.success() {
        let text = format!("the helper failed ({status}){}", said.message);
        findings.push(Finding::error(Check::HelperRun, text, said.hint(BY_HAND)));
        return findings;
    }
    findings.push(if observed.stderr.is_empty() {
        Finding::ok(Check::HelperRun, "the helper ends well and says nothing")
    } else {
        let text =
            format!("the helper ends well and says something, which nobody sees{}", said.message);
        Finding::warning(Check::HelperRun, text, said.hint(BY_HAND))
    });
    findings.push(about_output(&observed.stdout));
    findings.push(if observed.holds_stdout {
        let text =
            "something that the helper starts keeps its stdout open, and Claude Code waits for it";
        Finding::warning(
            Check::HelperStdout,
            text,
            "let it begin with its stdout and stderr on `/dev/null`",
        )
    } else {
        Finding::ok(Check::HelperStdout, "the helper's stdout ends with it")
    });
    findings
}

fn about_time(took: Duration) -> Finding {
    let text = format!("the helper took {} ms", took.as_millis());
    if took < NOTICED {
        return Finding::ok(Check::HelperTime, text);
    }
    let text =
        format!("{text}: from {} s on, Claude Code says that it takes a while", NOTICED.as_secs());
    Finding::warning(Check::HelperTime, text, "see which source is slow, in the lines above")
}

/// Judges the output. Only its length is shown.
fn about_output(stdout: &[u8]) -> Finding {
    let check = Check::HelperOutput;
    let length = stdout.len();
    let hint = "let it print the key alone on stdout, and all else on stderr";
    let text = match std::str::from_utf8(stdout) {
        Ok(text) => match Key::parse(text) {
            Ok(_) => {
                let text = format!("the helper prints {length} bytes: one key that can be used");
                return Finding::ok(check, text);
            }
            Err(error) => format!("the helper prints {length} bytes, which are no key: {error}"),
        },
        Err(error) => {
            let position = error.valid_up_to() + 1;
            format!("the helper prints {length} bytes, which are no text from byte {position} on")
        }
    };
    Finding::error(check, text, hint)
}

/// The helper's message on stderr, if it contains no secret.
#[derive(Debug, Default)]
struct HelperMessage {
    message: String,
    hint: Option<String>,
}

impl HelperMessage {
    fn of(stderr: &[u8], is_this_program: bool) -> Self {
        if !is_this_program {
            let message = match stderr.len() {
                0 => String::new(),
                length => format!("; what it says ({length} bytes or more) is not shown"),
            };
            return Self { message, hint: None };
        }
        let text = String::from_utf8_lossy(stderr);
        let line = |label: &str| {
            let begin = format!("api-key-helper: {label}: ");
            text.lines().find_map(|line| line.strip_prefix(&*begin).map(str::to_owned))
        };
        let message = line("error").or_else(|| line("warning"));
        Self {
            message: message.map_or_else(String::new, |message| format!(": {message}")),
            hint: line("hint"),
        }
    }

    fn hint(self, otherwise: &str) -> String {
        self.hint.unwrap_or_else(|| otherwise.to_owned())
    }
}

const BY_HAND: &str = "run the line of `apiKeyHelper` by hand with `/bin/sh -c`";
/// Claude Code waits for 600 s, longer than a user of `doctor` would.
const LONGEST: Duration = Duration::from_secs(60);
/// After this time, Claude Code 2.1.330 shows that it is waiting.
const NOTICED: Duration = Duration::from_secs(10);

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use zeroize::Zeroizing;

    use super::super::finding::Level;
    use super::*;

    fn observed(code: Option<i32>, stdout: &[u8], stderr: &[u8]) -> Observation {
        Observation {
            status: code.map(|code| ExitStatus::from_raw(code << 8)),
            took: Duration::from_millis(7),
            stdout: Zeroizing::new(stdout.to_vec()),
            stderr: Zeroizing::new(stderr.to_vec()),
            holds_stdout: false,
        }
    }

    fn found(observed: &Observation, is_this_program: bool, check: Check) -> Finding {
        let mut found = judge(observed, is_this_program);
        assert!(!format!("{found:?}").contains("canary"), "{found:?}");
        found.retain(|finding| finding.check == check);
        found.remove(0)
    }

    #[test]
    fn doctor_reports_api_key_helper_stdout_by_length_only() {
        let output = |stdout: &[u8]| {
            let finding = found(&observed(Some(0), stdout, b""), true, Check::HelperOutput);
            (finding.level, finding.text)
        };
        let well = "the helper prints 10 bytes: one key that can be used".to_owned();
        assert_eq!(output(b"sk-canary\n"), (Level::Ok, well));
        for (stdout, words) in [
            (&b"sk-canary\nsk-canary"[..], "line"),
            (b"", "0 bytes"),
            (b"sk-canary \xff", "from byte 11 on"),
            (b"sk canary", "3"),
        ] {
            let (level, text) = output(stdout);
            assert_eq!(level, Level::Error);
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn doctor_does_not_show_foreign_api_key_helper_stderr() {
        let stderr = b"api-key-helper: error: it is down\napi-key-helper: hint: wait\n";
        let ours = found(&observed(Some(1), b"", stderr), true, Check::HelperRun);
        assert_eq!(ours.text, "the helper failed (exit status: 1): it is down");
        assert_eq!(ours.hint.as_deref(), Some("wait"));
        let theirs = found(&observed(Some(1), b"", b"canary"), false, Check::HelperRun);
        assert_eq!(theirs.level, Level::Error);
        assert!(theirs.text.contains("(6 bytes or more) is not shown"), "{theirs:?}");
        let warned = found(
            &observed(Some(0), b"k", b"api-key-helper: warning: old\n"),
            true,
            Check::HelperRun,
        );
        assert_eq!((warned.level, warned.text.ends_with(": old")), (Level::Warning, true));
    }

    #[test]
    fn doctor_reports_a_slow_or_hanging_api_key_helper() {
        let slow = Observation { took: NOTICED, ..observed(Some(0), b"k", b"") };
        assert_eq!(found(&slow, true, Check::HelperTime).level, Level::Warning);
        let quick = observed(Some(0), b"k", b"");
        assert_eq!(found(&quick, true, Check::HelperTime).level, Level::Ok);
        let endless = observed(None, b"", b"");
        assert_eq!(found(&endless, true, Check::HelperRun).level, Level::Error);
        let holding = Observation { holds_stdout: true, ..quick };
        assert_eq!(found(&holding, true, Check::HelperStdout).level, Level::Warning);
    }
}
