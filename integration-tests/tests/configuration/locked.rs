//! Locks of the system's file, and every way to circumvent them.

use integration_tests::call::Answer;
use integration_tests::home::{KEYS, SYSTEM_CONFIG, configuration};

use crate::machine::Machine;

#[test]
fn locked_settings_cannot_be_overridden() {
    let locked = "\"profile.main.retries\", \"profile.main.deadline\", \"source.main\", \
                  \"default_profile\"";
    let machine = Machine::new(|home| {
        let rest = "[profile.other]\nsources = [\"main\"]\n";
        let system = configuration("retries = 1", "", &home.script("main", KEYS));
        format!("default_profile = \"main\"\nlocked = [{locked}]\n{system}{rest}")
    });
    let user = machine.home.config_file();
    let refused = |answer: Answer, what: &str, key: &str| {
        let by = format!("locked by `{SYSTEM_CONFIG}:2:1`");
        answer.assert_error(2, &[what, &format!("sets `{key}`"), &by, "ask the administrator"]);
    };
    machine.call(&[]).run().assert_key("key-1");

    let variable = machine.call(&[]).env("API_KEY_HELPER_RETRY_COUNT", "9").run();
    refused(variable, "the variable `API_KEY_HELPER_RETRY_COUNT`", "profile.main.retries");
    let argument = machine.call(&["get", "--deadline", "1s"]).run();
    refused(argument, "`--deadline`", "profile.main.deadline");
    let argument = machine.call(&["--profile", "other"]).run();
    refused(argument, "`--profile`", "default_profile");
    for (text, key, line) in [
        ("default_profile = \"other\"", "default_profile", 1),
        ("[profile.main]\nretries = 9", "profile.main.retries", 2),
        ("[source.main]\ncommand = [\"/bin/echo\", \"mine\"]", "source.main.command", 2),
    ] {
        machine.home.configure(text);
        let place = format!("`{}:{line}:1`", user.display());
        refused(machine.call(&[]).run(), &place, key);
    }
    machine.home.configure("locked = [\"source\"]");
    let place = format!("{}:1:1", user.display());
    machine.call(&[]).run().assert_error(2, &[&place, "`locked` has no effect here"]);
    assert_eq!(machine.home.runs("main"), 1);
}

#[test]
fn locked_machine_refuses_user_sources_profiles_and_seal() {
    // Everything that an administrator can lock.
    let machine = Machine::new(|home| {
        let script = home.script("main", KEYS);
        format!(
            "locked = [\"default_profile\", \"profile\", \"source\", \"seal\"]\n\
             default_profile = \"main\"\n{}",
            configuration("", "", &script)
        )
    });
    machine.call(&[]).run().assert_key("key-1");
    let mine = machine.home.script("mine", "echo mine");
    let own = format!("[source.main]\ncommand = [\"{}\"]\n", mine.display());
    let another = configuration("", "", &mine).replace("main", "other");
    for text in [
        own.as_str(),
        another.as_str(),
        "[profile.other]\nsources = [\"main\"]\n",
        "[profile.main]\non_rejection = \"ignore\"\n",
        "profile = { main = { ttl = \"9h\" } }\n",
        "seal = \"file\"\n",
        "default_profile = \"main\"\n",
    ] {
        // The user's file, wherever it is.
        let file = machine.home.write("own.toml", text);
        let place = file.display().to_string();
        assert_refused(&machine.call(&["--config", &place]).run(), &place);
        assert_refused(&machine.call(&[]).env("API_KEY_HELPER_CONFIG", &file).run(), &place);
        machine.home.configure(text);
        let place = machine.home.config_file().display().to_string();
        for arguments in [&[][..], &["status"], &["get", "--refresh"], &["apply"]] {
            assert_refused(&machine.call(arguments).run(), &place);
        }
    }
    machine.home.configure("");
    for (name, value) in
        [("API_KEY_HELPER_TIMEOUT_MS", "90000"), ("API_KEY_HELPER_RETRY_COUNT", "9")]
    {
        assert_refused(&machine.call(&[]).env(name, value).run(), &format!("variable `{name}`"));
    }
    for (option, value) in [("--deadline", "9s"), ("--deadline", "9h")] {
        let answer = machine.call(&["get", option, value]).run();
        assert_refused(&answer, &format!("`{option}`"));
    }
    machine.call(&["--profile", "other"]).run().assert_error(2, &["`--profile`", "locked by"]);
    assert_eq!((machine.home.runs("mine"), machine.home.runs("main")), (0, 1));
    // The administrator's own settings remain possible.
    machine.call(&["--profile", "main"]).run().assert_key("key-1");
    let claude = machine.call(&[]).env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "60000");
    claude.run().assert_key("key-1");
}

#[test]
fn locked_source_takes_no_unset_setting_from_a_backend_variable() {
    let refused = |source: &str, variables: &[(&str, &str)]| {
        let machine = Machine::new(|_| {
            format!("locked = [\"source.main\"]\n[profile.main]\nsources = [\"main\"]\n{source}")
        });
        let call = machine.call(&["get"]).env("VAULT_TOKEN", "s.made-up");
        for (name, value) in variables {
            let answer = call.clone().env(*name, *value).run();
            assert_refused(&answer, &format!("variable `{name}`"));
        }
    };
    let shell_command = "[source.main]\nbackend = \"script\"\nshell_command = \"echo x\"\n";
    refused(shell_command, &[("API_KEY_HELPER_SHELL", "/bin/sh")]);
    refused(
        "[source.main]\nbackend = \"vault\"\naddress = \"https://127.0.0.1:1\"\npath = \"x\"\n",
        &[
            ("VAULT_NAMESPACE", "mine"),
            ("BAO_CACERT", "/tmp/mine.pem"),
            ("VAULT_CAPATH", "/tmp"),
            ("VAULT_CLIENT_CERT", "/tmp/mine.pem"),
            ("VAULT_TLS_SERVER_NAME", "mine"),
            ("VAULT_SKIP_VERIFY", "1"),
        ],
    );
    refused(
        "[source.main]\nbackend = \"vault\"\npath = \"x\"\n",
        &[("VAULT_ADDR", "https://mine"), ("BAO_ADDR", "https://mine")],
    );
    refused(
        "[source.main]\nbackend = \"aws\"\nsecret_id = \"x\"\n",
        &[
            ("AWS_ENDPOINT_URL", "https://mine"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://mine"),
            ("AWS_REGION", "mine"),
            ("AWS_PROFILE", "mine"),
        ],
    );
}

#[test]
fn locked_shell_setting_beats_the_shell_variable() {
    let machine = Machine::new(|home| {
        let shell = home.script("shell", "echo key-of-the-administrators-shell");
        format!(
            "locked = [\"source.main\"]\n[profile.main]\nsources = [\"main\"]\n[source.main]\n\
             backend = \"script\"\nshell_command = \"x\"\nshell = \"{}\"\n",
            shell.display()
        )
    });
    let call = machine.call(&[]).env("API_KEY_HELPER_SHELL", "/bin/false");
    call.run().assert_key("key-of-the-administrators-shell");
}

/// Asserts that the error names the attempt and the lock.
#[track_caller]
fn assert_refused(answer: &Answer, place: &str) {
    let by = format!("locked by `{SYSTEM_CONFIG}:1:1`");
    answer.assert_error(2, &[place, " sets `", &by, "ask the administrator"]);
}
