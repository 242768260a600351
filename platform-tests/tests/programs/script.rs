//! Sources that run a program.

use std::fs;
use std::time::Duration;

use api_key_helper_backend::text::rfc3339;
use platform_tests::breakpoint::Breakpoint;
use platform_tests::executables;
use platform_tests::home::{Home, KEYS, configuration, text};
use platform_tests::wait::{now, since};

#[test]
fn script_gets_its_arguments_environment_stdin_and_folder() {
    let home = Home::new();
    let words = ["show", "FOR_THE_PROGRAM"].map(str::to_owned);
    let program = text(home.test_program().as_os_str());
    let command: Vec<String> = [program].into_iter().chain(words).collect();
    home.configure(&configuration("", "env = { FOR_THE_PROGRAM = \"a b\\\"%PATH%\" }", &command));
    let answer = home.call(["get", "--refresh"]).run();
    assert_ne!(answer.code, Some(0), "a key has no spaces: {answer:?}");
    home.configure(&configuration("", "env = { FOR_THE_PROGRAM = \"%a%\\\"^&|\" }", &command));
    home.helper().run().assert_key("%a%\"^&|");

    let input = "stdin = { env = \"TOKEN\" }";
    home.configure(&configuration("", input, &home.program("reads", "read")));
    home.helper().env("TOKEN", "from-a-variable").run().assert_key("from-a-variable");
}

#[test]
fn script_json_with_expires_at_is_read() {
    let json = r#"print {"key": "k1", "expires_at": "2099-12-31T23:59:59Z"}"#;
    let home = Home::with_source(json);
    home.helper().run().assert_key("k1");
    let end = home.state().entry("main").validity.expires_at.unwrap();
    assert_eq!(rfc3339(end), "2099-12-31T23:59:59Z");
}

#[test]
fn timeout_ends_the_script_and_its_children() {
    let [own, of_its_child] = [Breakpoint::new(), Breakpoint::new()];
    let steps = format!("{}\n{}", of_its_child.leave_step(), own.wait_step());
    let home = Home::with_settings("timeout = \"3s\"\nretries = 0", "", &steps);
    let started = now();
    let call = home.helper().start();
    let (program, child) = (own.reached(), of_its_child.reached());
    call.finish().assert_error(1, &["`timeout`"]);
    // The default would be 10 s.
    let took = since(started);
    assert!(took < Duration::from_secs(9), "{took:?}");
    program.assert_ends();
    child.assert_ends();
}

#[test]
fn script_child_of_a_successful_run_is_left_running() {
    let breakpoint = Breakpoint::new();
    let home = Home::with_source(&format!("{}\n{KEYS}", breakpoint.leave_step()));
    home.helper().run().assert_key("key-1");
    breakpoint.reached().assert_waits();
}

/// On other systems, the front becomes the worker, and only that is killed.
#[cfg(windows)]
#[test]
fn killed_front_ends_worker_and_script() {
    let breakpoint = Breakpoint::new();
    let home = Home::with_source(&format!("{}\n{KEYS}", breakpoint.wait_step()));
    let mut call = home.helper().start();
    let program = breakpoint.reached();
    call.kill();
    program.assert_ends();
}

#[test]
fn missing_script_program_exits_2() {
    let home = Home::new();
    let missing = text(home.path().join("missing").as_os_str());
    home.configure(&configuration("", "", &[missing]));
    home.helper().run().assert_error(2, &["missing"]);
}

#[test]
fn script_with_arguments_prints_a_key() {
    let home = Home::new();
    let (name, body) = if cfg!(windows) {
        ("keys.cmd", "@echo %~1-%TEMP_NAME%\r\n")
    } else {
        ("keys", "#!/bin/sh\necho \"$1-$TEMP_NAME\"\n")
    };
    let script = home.path().join(name);
    executables::write(&script, body);
    let command = [text(script.as_os_str()), "a".to_owned()];
    home.configure(&configuration("", "env = { TEMP_NAME = \"b\" }", &command));
    home.helper().run().assert_key("a-b");
}

/// `cmd` splits an argument that the helper passes to a batch file unchanged.
#[cfg(windows)]
#[test]
fn script_batch_file_argument_runs_nothing() {
    let home = Home::new();
    let script = home.path().join("keys.cmd");
    executables::write(&script, "@echo key\r\n");
    for argument in ["a & echo b> planted", "\" & echo b> planted", "%PATH%", "a\"^|b"] {
        let command = [text(script.as_os_str()), argument.to_owned()];
        home.configure(&configuration("", "", &command));
        let answer = home.helper().run();
        assert!(!answer.stdout.contains('b'), "{answer:?}");
        assert!(!home.path().join("planted").exists(), "{answer:?}");
        assert!(!home.config_file().with_file_name("planted").exists(), "{answer:?}");
    }
}

/// On Windows, a shell script is not a program: `cmd` is, and takes a line.
#[test]
fn script_command_may_be_a_shell_with_a_line() {
    let home = Home::new();
    let shell: &[&str] = if cfg!(windows) {
        &[r"C:\windows\system32\cmd.exe", "/d", "/c", "echo key"]
    } else {
        &["/bin/sh", "-c", "echo key"]
    };
    let command: Vec<String> = shell.iter().map(|word| (*word).to_owned()).collect();
    home.configure(&configuration("", "", &command));
    home.helper().run().assert_key("key");
}

#[test]
fn shell_command_setting_runs_a_line() {
    let home = Home::new();
    let (shell, line) = if cfg!(windows) {
        (r"C:\windows\system32\cmd.exe", r"echo %LINE_KEY%")
    } else {
        ("/bin/sh", "echo \"$LINE_KEY\"")
    };
    let source = format!(
        "[profile.main]\nsources = [\"main\"]\n[source.main]\nbackend = \"script\"\n\
         shell = '{shell}'\nshell_command = '{line}'\nenv = {{ LINE_KEY = \"key\" }}\n"
    );
    home.configure(&source);
    home.helper().run().assert_key("key");
}

#[test]
fn script_loop_asking_for_its_own_key_is_refused() {
    let home = Home::new();
    let front = &platform_tests::binaries::Binaries::built().front;
    let command = home.program("main", "print never");
    home.configure(&configuration("retries = 0", "", &[text(front.as_os_str())]));
    let answer = home.helper().run();
    assert_ne!(answer.code, Some(0), "{answer:?}");
    answer.assert_error(1, &["by a program that it runs itself (main)"]);
    assert!(!fs::exists(home.runs_file("main")).unwrap(), "{command:?}");
}
