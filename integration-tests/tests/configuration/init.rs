//! `init`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, KEYS};
use integration_tests::terminal::{Streams, Terminal};
use integration_tests::wait::until;

/// Long enough not to occur by chance.
const KEY: &str = "sk-canary-0nly-1n-th3-3ntry";
const BACKEND: &str = "Number or name [script]";
const PROGRAM: &str = "Program that prints the key: its path, or a line for the shell";
const WHAT_NOW: &str = "Number or name [correct]";
const APPLY: &str = "Let Claude Code use it, by your settings? [yes]";

/// Returns `init` without colours.
fn init(home: &Home) -> Call {
    home.call(["init"]).env("NO_COLOR", "1")
}

fn start(home: &Home) -> Terminal {
    Terminal::start(&init(home), Streams::InAndErr)
}

/// Asserts a success, and that the key was neither shown nor written into the configuration.
#[track_caller]
fn assert_done(home: &Home, answer: &Answer) -> String {
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let text = fs::read_to_string(home.config_file()).unwrap();
    for place in [&answer.stderr, &answer.stdout, &text] {
        assert!(!place.contains(KEY), "{place}");
    }
    text
}

#[test]
fn init_answers_become_a_working_configuration() {
    let home = Home::new();
    let script = home.script("mine", &format!("echo {KEY}"));
    let script = script.to_str().unwrap();
    let mut terminal = start(&home);
    terminal.answer(BACKEND, "");
    terminal.answer(PROGRAM, script);
    terminal.wait_for(APPLY);
    // The source was tested, and written before the next question.
    assert_eq!(home.runs("mine"), 1);
    assert!(home.config_file().is_file());
    terminal.press("no\n");
    let answer = terminal.finish();
    let text = assert_done(&home, &answer);
    assert_eq!(answer.stdout, "");
    let length = KEY.len();
    let file = home.config_file();
    let transcript = format!(
        "This writes {file}, once it works.\n\
         Ctrl-C ends it, and no file is written.\n\n\
         Where does the key come from?\n  \
         1  script    a program of yours prints it\n  \
         2  aws       AWS Secrets Manager\n  \
         3  oidc      you sign in with your identity provider\n  \
         4  vault     HashiCorp Vault or OpenBao\n  \
         5  exchange  another token is traded for it\n\
         {BACKEND}: \n\n\
         {PROGRAM}: {script}\n\n\
         Asking `script` for a key ...\n\
         It works: a key of {length} characters, which does not say when it ends.\n\n\
         Wrote {file}\n\n\
         {APPLY}: no\n\
         Later: `api-key-helper apply`\n",
        file = file.display()
    );
    assert_eq!(answer.stderr.replace('\r', ""), transcript);
    assert!(text.contains(&format!("\ncommand = [\"{script}\"]\n")), "{text}");
    assert!(text.contains("\n# Or one line for a shell:\n#shell_command = "), "{text}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The fetched key is cached.
    home.helper().run().assert_key(KEY);
    assert_eq!(home.runs("mine"), 1);
}

#[test]
fn init_applies_claude_code_settings_on_yes() {
    let home = Home::new();
    let script = home.script("mine", KEYS);
    let mut terminal = start(&home);
    terminal.answer(BACKEND, "script");
    terminal.answer(PROGRAM, script.to_str().unwrap());
    terminal.answer(APPLY, "");
    let answer = terminal.finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let settings = fs::read_to_string(home.path().join(".claude/settings.json")).unwrap();
    assert!(settings.contains("\"apiKeyHelper\""), "{settings}");
    assert!(answer.stdout.contains("Setting applied successfully."), "{answer:?}");
}

#[test]
fn init_with_a_failing_program_asks_again() {
    let home = Home::new();
    let script = home.script("mine", &format!("echo {KEY}"));
    let script = script.to_str().unwrap();
    let mut terminal = start(&home);
    terminal.answer(BACKEND, "6");
    terminal.answer(BACKEND, "1");
    terminal.answer(PROGRAM, "/nowhere/at-all");
    terminal.wait_for(WHAT_NOW);
    assert!(terminal.shown().contains("`/nowhere/at-all` is not there"), "{}", terminal.shown());
    assert!(!home.config_file().exists());
    terminal.press("\n");
    terminal.answer(&format!("{PROGRAM} [/nowhere/at-all]"), script);
    terminal.answer(APPLY, "no");
    assert_done(&home, &terminal.finish());
    home.helper().run().assert_key(KEY);
}

#[test]
fn init_with_a_failing_program_writes_on_request() {
    for (choice, code) in [("write", 0), ("stop", 2)] {
        let home = Home::new();
        let mut terminal = start(&home);
        terminal.answer(BACKEND, "script");
        terminal.answer(PROGRAM, "/nowhere/at-all");
        terminal.answer(WHAT_NOW, choice);
        let answer = terminal.finish();
        assert_eq!(answer.code, Some(code), "{answer:?}");
        assert_eq!(home.config_file().exists(), choice == "write", "{answer:?}");
        assert!(!answer.stderr.contains(APPLY), "{answer:?}");
    }
}

#[test]
fn init_takes_any_character_in_shell_command() {
    let home = Home::new();
    let _ = home.script("my keys", &format!("echo \"$1\" >got; echo {KEY}"));
    let line = r#""$HOME/my keys" 'a "quoted" \ back\slash # and [more] = ü'"#;
    let mut terminal = start(&home);
    terminal.answer(BACKEND, "script");
    terminal.answer(PROGRAM, line);
    terminal.answer(APPLY, "no");
    let text = assert_done(&home, &terminal.finish());
    assert!(text.contains("\n#command = [\"/opt/keys/generate_temp_api_key.sh\"]\n"), "{text}");
    let got = fs::read_to_string(home.config_file().with_file_name("got")).unwrap();
    assert_eq!(got, "a \"quoted\" \\ back\\slash # and [more] = ü\n");
}

#[test]
fn init_left_by_ctrl_c_or_ctrl_d_writes_no_file() {
    // Ctrl-C, and Ctrl-D, which ends the input.
    for (key, code) in [("\u{3}", 130), ("\u{4}", 2)] {
        for questions in [&[BACKEND][..], &[BACKEND, PROGRAM]] {
            let home = Home::new();
            let mut terminal = start(&home);
            let (last, before) = questions.split_last().unwrap();
            for question in before {
                terminal.answer(question, "");
            }
            terminal.wait_for(last);
            terminal.press(key);
            let answer = terminal.finish();
            assert_eq!(answer.code, Some(code), "{answer:?}");
            assert!(answer.stderr.ends_with('\n'), "{answer:?}");
            assert!(!home.config_file().exists());
        }
    }
}

#[test]
fn init_ctrl_c_ends_the_trial_of_the_script() {
    let home = Home::new();
    let script = home.script("mine", "exec sleep 600");
    let mut terminal = start(&home);
    terminal.answer(BACKEND, "script");
    terminal.answer(PROGRAM, script.to_str().unwrap());
    until("the script runs", || (home.runs("mine") == 1).then_some(()));
    terminal.interrupt();
    assert_eq!(terminal.finish().code, Some(130));
    assert!(!home.config_file().exists());
    let processes = home.processes("mine");
    until("the script has ended", || (!processes[0].is_running()).then_some(()));
}

#[test]
fn init_keeps_an_existing_configuration() {
    let home = Home::new();
    home.configure("# mine\n");
    let answer = start(&home).finish();
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(answer.stderr.contains("is there already, and stays as it is"), "{answer:?}");
    assert_eq!(fs::read_to_string(home.config_file()).unwrap(), "# mine\n");
}

#[test]
fn init_with_set_options_asks_nothing() {
    let home = Home::new();
    let script = home.script("mine", KEYS);
    let setting = format!("command=[\"{}\"]", script.display());
    let call = init(&home).args(["--backend", "script", "--set", &setting, "--set", "timeout=5s"]);
    let answer = Terminal::start(&call, Streams::InAndErr).finish();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{answer:?}");
    assert_eq!(home.runs("mine"), 0);
    let text = fs::read_to_string(home.config_file()).unwrap();
    assert_eq!(text.matches("\ntimeout = \"5s\"\n").count(), 1, "{text}");
    home.helper().run().assert_key("key-1");
}

#[test]
fn init_with_an_invalid_setting_writes_nothing() {
    let home = Home::new();
    for (setting, words) in [
        ("comand=x", ["`source.script.comand`", "`command`"]),
        ("timeout=soon", ["`source.script.timeout`", "`soon` is not a duration"]),
        ("timeout", ["`--set timeout`", "KEY=VALUE"]),
    ] {
        let call = init(&home).args(["--backend", "script", "--set", setting]);
        let answer = call.run();
        answer.assert_error(2, &words);
        assert!(!home.config_file().exists());
    }
    init(&home).args(["--set", "timeout=5s"]).run().assert_error(2, &["--backend"]);
}

#[test]
fn init_writes_a_working_configuration_and_overwrites_none() {
    let home = Home::new();
    let file = home.config_file();
    let answer = home.call(["init"]).run();
    assert!(answer.assert_printed().contains(&*file.to_string_lossy()));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let folder = file.parent().unwrap();
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);

    let text = fs::read_to_string(&file).unwrap();
    let words = [&*file.to_string_lossy(), "is there already", "`--config`"];
    home.call(["init"]).run().assert_error(2, &words);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    // It parses without changes: only the program is missing.
    let program = "/opt/keys/generate_temp_api_key.sh";
    home.helper().run().assert_error(2, &[program, "is not there"]);
    let script = home.script("mine", KEYS);
    home.configure(&text.replace(program, &script.to_string_lossy()));
    home.helper().run().assert_key("key-1");
}

#[test]
fn init_template_settings_are_valid_when_uncommented() {
    let home = Home::new();
    let _ = home.call(["init", "--backend", "script"]).run().assert_printed();
    let text = fs::read_to_string(home.config_file()).unwrap();
    // Settings are commented out without a space after the sign, explanations with one.
    let chosen = text.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
        _ => line,
    });
    let chosen: Vec<&str> = chosen.filter(|line| !line.starts_with("command = ")).collect();
    home.configure(&chosen.join("\n").replace("pass show anthropic", "echo key-1"));
    home.helper().run().assert_key("key-1");
}

#[test]
fn init_writes_to_the_config_option() {
    let home = Home::new();
    let file = home.path().join("a/b/mine.toml");
    let _ = home.call(["init"]).arg("--config").arg(&file).run().assert_printed();
    assert!(file.is_file());
    assert!(!home.config_file().exists());
    let words = ["`valut`", "script"];
    home.call(["init", "--backend", "valut"]).run().assert_error(2, &words[..1]);
}
