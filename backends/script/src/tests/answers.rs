//! What a program is given, and what is made of what it prints.

use super::*;

#[tokio::test]
async fn script_json_expires_in_gives_expires_at() {
    let folder = Folder::new();
    folder.script("gen.sh", r#"echo '{"access_token": "sk-1", "expires_in": 60}'"#);
    let credential = folder.fetch("command = ['gen.sh']").await.unwrap();
    assert_eq!(credential.key.expose(), "sk-1");
    let end = UNIX_EPOCH + Duration::from_secs(1_900_000_060);
    assert_eq!(credential.expires_at, Some(end));
}

#[tokio::test]
async fn script_arguments_are_passed_unchanged() {
    let folder = Folder::new();
    folder.script("gen.sh", r#"printf '%s' "$#-$1-${#2}""#);
    let text = "command = ['gen.sh', '$HOME;*', 'a b\"']";
    assert_eq!(folder.fetch(text).await.unwrap().key.expose(), "2-$HOME;*-4");
}

#[tokio::test]
async fn shell_command_is_run_by_its_shell() {
    let folder = Folder::new();
    let text = "shell_command = 'printf %s sk- && echo ${BASH_VERSINFO:+1}'\nshell = '/bin/bash'";
    assert_eq!(folder.fetch(text).await.unwrap().key.expose(), "sk-1");
    let text = "shell_command = 'echo $0'\nshell = '/bin/sh'";
    assert_eq!(folder.fetch(text).await.unwrap().key.expose(), "/bin/sh");
    let error = folder.fetch("shell_command = 'exit 9 # hunter2'").await.unwrap_err();
    assert_error(
        &error,
        ErrorKind::Transient,
        "the `shell_command` of source `s` failed with exit code 9",
        "run the text of `shell_command` by hand in `/bin/bash` to see why",
    );
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn script_env_setting_adds_to_the_inherited_environment() {
    let folder = Folder::new();
    folder.script("gen.sh", r#"printf %s "${PATH:+path},$A,$API_KEY_HELPER_CHAIN""#);
    let text = "command = ['gen.sh']\nenv = { A = 'a=b' }";
    assert_eq!(folder.fetch(text).await.unwrap().key.expose(), "path,a=b,outer,s");
}

#[tokio::test]
async fn script_runs_in_cwd_or_the_configurations_folder() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("sub")).unwrap();
    folder.script("gen.sh", "pwd");
    let key = folder.fetch("command = ['gen.sh']").await.unwrap().key;
    assert_eq!(key.expose(), shown(&folder.path()));
    let key = folder.fetch("command = ['gen.sh']\ncwd = 'sub'").await.unwrap().key;
    assert_eq!(key.expose(), shown(&folder.path().join("sub")));
    let error = folder.fetch("command = ['gen.sh']\ncwd = '/nowhere'").await.unwrap_err();
    assert_error(
        &error,
        ErrorKind::Misconfigured,
        "cannot run in `/nowhere`: it is not there",
        "cwd",
    );
}

#[tokio::test]
async fn script_stdin_is_empty_by_default() {
    assert_eq!(Folder::new().key("cat; echo end").await, "end");
}

#[tokio::test]
async fn script_stdin_secret_is_shown_nowhere() {
    const INPUT: &str = "command = ['gen.sh']\nstdin = { source = 'sso' }";

    let folder = Folder::new();
    folder.script("gen.sh", "read -r line && echo \"$line\" && cat");
    assert_eq!(folder.fetch(INPUT).await.unwrap().key.expose(), "the-key-of-sso");
    // Nor does it matter whether it is read.
    folder.script("gen.sh", "exec <&-; echo key");
    assert_eq!(folder.fetch(INPUT).await.unwrap().key.expose(), "key");
    for body in [
        "read -r line; echo \"refused: $line\" >&2; exit 77",
        "read -r line; echo \"refused: ${line%??}\" >&2; exit 77",
        "read -r line; printf '{\"success\": false, \"message\": \"%s\"}' \"$line\"",
    ] {
        folder.script("gen.sh", body);
        let error = folder.fetch(INPUT).await.unwrap_err();
        assert!(!error.report().contains("the-key-"), "{body}: {error}");
    }
    let error = folder.fetch("command = ['gen.sh']\nstdin = { env = 'X' }").await.unwrap_err();
    assert_eq!(error.message(), "the variable `X` is missing");
}

#[tokio::test]
async fn script_without_output_is_transient() {
    let folder = Folder::new();
    let error = folder.error("echo 'no such host' >&2").await;
    let path = shown(&folder.path().join("gen.sh"));
    assert_error(&error, ErrorKind::Transient, "printed no key: no such host", "exit with 75");
    assert!(error.message().starts_with(&format!("`{path}` ")), "{error}");
    let error = folder.error("echo null").await;
    assert_error(&error, ErrorKind::Transient, "printed `null` instead of a key", "jq -er");
}

#[tokio::test]
async fn script_that_prints_no_key_is_misconfigured() {
    let folder = Folder::new();
    for (body, message) in [
        ("echo sk-1; echo sk-2", "there is more than one line: the first ends at character 5"),
        (r"printf 'a\000b'", "character 2 of the key"),
        (r"printf 'ab\377'", "byte 3 is not UTF-8"),
        (r"printf '\033[32msk-1\033[0m'", "terminal sequences"),
        ("head -c 16385 /dev/zero | tr '\\0' k", "the key has 16385 characters"),
        ("echo '{\"kee\": \"sk-1\"}'", "there is no `key`"),
    ] {
        let error = folder.error(body).await;
        assert_error(&error, ErrorKind::Misconfigured, message, "by hand to see what it prints");
        assert!(!error.message().contains("sk-"), "{error}");
    }
}

#[tokio::test]
async fn script_output_around_the_key_is_trimmed() {
    let folder = Folder::new();
    assert_eq!(folder.key(r"printf 'sk-1\r\n'").await, "sk-1");
    assert_eq!(folder.key(r"printf '\357\273\277sk-1\n\n'").await, "sk-1");
    assert_eq!(folder.key(r"head -c 16384 /dev/zero | tr '\0' k").await, "k".repeat(16384));
}

#[tokio::test]
async fn script_exit_code_decides_the_error_kind() {
    let folder = Folder::new();
    for (code, kind, message) in [
        (1, ErrorKind::Transient, "failed with exit code 1: no"),
        (75, ErrorKind::Transient, "failed with exit code 75: no"),
        (77, ErrorKind::Denied, "says that access is denied (exit code 77): no"),
        (78, ErrorKind::Misconfigured, "says that it is not set up (exit code 78): no"),
        (126, ErrorKind::Misconfigured, "could not execute a program (exit code 126): no"),
        (127, ErrorKind::Misconfigured, "did not find a program (exit code 127): no"),
    ] {
        let error = folder.error(&format!("echo sk-1; echo no >&2; exit {code}")).await;
        let hint = format!("run `{}` by hand to see why", shown(&folder.path().join("gen.sh")));
        assert_error(&error, kind, message, &hint);
    }
    let error = folder.error("kill -9 $$").await;
    assert_error(&error, ErrorKind::Transient, "was ended by signal 9", "by hand");
}

#[tokio::test]
async fn script_stderr_with_the_key_is_redacted() {
    let folder = Folder::new();
    let error = folder.error("set -x; echo sk-canary-1; exit 1").await;
    assert!(!error.message().contains("canary"), "{error}");
    let error = folder.error("echo sk-canary-1; echo \"no 'sk-canary-1'\" >&2; exit 1").await;
    assert!(error.message().ends_with(": no '[redacted]'"), "{error}");
    let long = "i=0; while [ $i -lt 900 ]; do printf 0123456789; i=$((i+1)); done >&2; exit 1";
    let error = folder.error(long).await;
    assert!(error.message().contains("failed with exit code 1: "), "{error}");
    assert!(error.message().len() < 400, "{error}");
}

#[tokio::test]
async fn script_secret_input_command_is_read() {
    let folder = Folder::new();
    let body = r#"printf '%s\n' "$1 $API_KEY_HELPER_CHAIN"; pwd"#;
    let program = shown(&folder.script("id.sh", body));
    let secret = folder.read_secret(&[&program, "a"]).await.unwrap();
    assert_eq!(secret.expose(), format!("a s\n{}", shown(&folder.path())));
    let error = folder.read_secret(&[]).await.unwrap_err();
    assert_error(&error, ErrorKind::Misconfigured, "is empty", "absolute path");
    let error = folder.read_secret(&["id.sh"]).await.unwrap_err();
    assert_error(&error, ErrorKind::Misconfigured, "`id.sh` is not an absolute path", "`command`");
}
