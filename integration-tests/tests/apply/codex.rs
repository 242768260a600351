//! `apply --client codex` writes the command of a model provider, and nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::files;
use integration_tests::home::{Home, KEYS, configuration};

use crate::{mode, user};

const CONFIG: &str = "# mine\nmodel_provider = \"gateway\"\n\n[model_providers.gateway]\n\
                      name = 'Gateway'   # ours\nbase_url = \"https://gateway.example.com/v1\"\n\n\
                      [model_providers.other]\nname = \"Other\"\n\n[tui]\ntheme = \"dark\"\n";

fn config_file(home: &Home) -> PathBuf {
    home.path().join(".codex/config.toml")
}

fn codex(home: &Home, arguments: &[&str]) -> Call {
    home.call(["apply", "--client", "codex"].iter().chain(arguments).copied())
}

/// Returns the `auth` of a provider, as Codex reads it.
fn auth(file: &Path, provider: &str) -> toml::Table {
    let config: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    config["model_providers"][provider]["auth"].as_table().unwrap().clone()
}

/// Asserts the output of the provider's command, run as Codex runs it: without a shell.
#[track_caller]
fn assert_runs(home: &Home, provider: &str, key: &str) {
    let auth = auth(&config_file(home), provider);
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let arguments = auth["args"].as_array().unwrap().iter().map(text);
    let call = home.call_of(Path::new(auth["command"].as_str().unwrap())).args(arguments);
    call.input(b"").run().assert_key(key);
}

#[test]
fn apply_codex_writes_a_command_that_codex_can_run() {
    let home = user();
    let file = home.write(".codex/config.toml", CONFIG);
    let front = Binaries::built().front.canonicalize().unwrap().display().to_string();
    let answer = codex(&home, &[]).run();
    assert_eq!(
        answer.assert_printed(),
        format!(
            "Wrote {0}\nWhat it was before is in {0}.before-api-key-helper-gateway\n\
             Setting applied successfully. Configuration changes:\ncommand: {front}\n\
             args: [\"--format\",\"codex\"]\ntimeout_ms: 5000\nrefresh_interval_ms: 300000\n\
             Key refresh: automatic every 5 minutes, and when the API refuses a key\n",
            file.display()
        )
    );
    let added = format!(
        "[model_providers.gateway.auth]\ncommand = \"{front}\"\n\
         args = [\"--format\", \"codex\"]\ntimeout_ms = 5000\nrefresh_interval_ms = 300000\n\n"
    );
    let expected = CONFIG.replace("[model_providers.other]", &(added + "[model_providers.other]"));
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    assert_runs(&home, "gateway", "key-1");

    let before = files::below(&home.path().join(".codex"));
    assert!(codex(&home, &[]).run().assert_printed().starts_with("Nothing changes: "));
    assert_eq!(files::below(&home.path().join(".codex")), before);

    let undone = codex(&home, &["--undo"]).run();
    assert!(undone.assert_printed().ends_with("is what it was before.\n"), "{undone:?}");
    assert_eq!(files::below(&home.path().join(".codex")), [(file, CONFIG.into())]);
}

#[test]
fn apply_codex_arguments_have_the_profile_and_config_options() {
    let home = user();
    home.write(".codex/config.toml", CONFIG);
    let script = home.path().join("main");
    let other = configuration("hold = \"10m\"", "lifetime = \"48h\"", &script);
    home.write("a b/other.toml", other);
    let call = home.call(["--profile", "main", "--config", "a b/other.toml", "apply"]);
    let call = call.args(["--client", "codex", "--provider", "other"]);
    let _ = call.run().assert_printed();
    let auth = auth(&config_file(&home), "other");
    // A call before the end of this interval means that the key was refused.
    assert_eq!(auth["refresh_interval_ms"].as_integer(), Some(600_000));
    assert_runs(&home, "other", "key-1");
}

#[test]
fn apply_codex_warns_when_lifetime_is_too_short() {
    let home = Home::with_settings("", "lifetime = \"10m\"", KEYS);
    home.write(".codex/config.toml", CONFIG);
    let answer = codex(&home, &[]).run();
    assert_eq!((answer.code, answer.stderr.lines().count()), (Some(0), 1), "{answer:?}");
    assert!(answer.stderr.contains("keys live for 10 min 0 s only: set `hold`"), "{answer:?}");
}

#[test]
fn apply_codex_undo_of_two_providers_works_in_any_order() {
    let home = user();
    let apply = |provider, more: &[&str]| {
        let call = codex(&home, &["--provider", provider]).args(more.iter().copied());
        let _ = call.run().assert_printed();
    };
    for order in [["gateway", "other"], ["other", "gateway"]] {
        let file = home.write(".codex/config.toml", CONFIG);
        apply("gateway", &[]);
        apply("other", &[]);
        for provider in order {
            assert!(fs::read_to_string(&file).unwrap().contains(&format!("{provider}.auth")));
            apply(provider, &["--undo"]);
            assert!(!fs::read_to_string(&file).unwrap().contains(&format!("{provider}.auth")));
        }
        assert_eq!(files::below(&home.path().join(".codex")), [(file, CONFIG.into())]);
    }
}

#[test]
fn apply_codex_undo_keeps_later_changes() {
    let home = user();
    let file = home.write(".codex/config.toml", CONFIG);
    let _ = codex(&home, &[]).run().assert_printed();
    let now = fs::read_to_string(&file).unwrap().replace("dark", "light");
    fs::write(&file, now).unwrap();
    let undone = codex(&home, &["--undo"]).run();
    let said = "Setting undone: `command`, `args`, `timeout_ms` and `refresh_interval_ms` are what they \
                were before. ";
    assert!(undone.assert_printed().starts_with(said), "{undone:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), CONFIG.replace("dark", "light"));
}

#[test]
fn apply_codex_keeps_the_files_mode_and_symlink() {
    let home = user();
    let real = home.write("dotfiles/codex.toml", CONFIG);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let file = config_file(&home);
    fs::create_dir(file.parent().unwrap()).unwrap();
    symlink(&real, &file).unwrap();
    let _ = codex(&home, &[]).run().assert_printed();
    assert!(file.is_symlink());
    assert_eq!(mode(&real), 0o640);
    assert_runs(&home, "gateway", "key-1");
    let _ = codex(&home, &["--undo"]).run().assert_printed();
    assert!(file.is_symlink());
    assert_eq!((mode(&real), fs::read_to_string(&real).unwrap()), (0o640, CONFIG.to_owned()));
}

#[test]
fn apply_codex_dry_run_shows_no_secret_and_writes_nothing() {
    let home = user();
    let secret = "sk-canary-5up3rc4l1fr4g1l";
    let text = format!(
        "token = \"{secret}\"\n[model_providers.x.auth]\ncommand = \"echo\"\nargs = [\"{secret}\"]\n\
         timeout_ms = 9000\n"
    );
    let file = home.write(".codex/config.toml", &text);
    let stays = codex(&home, &["--provider", "x"]).run();
    stays.assert_error(2, &["line 3, column 11: `command` is another program's", "`--force`"]);
    let dry = codex(&home, &["--provider", "x", "--force", "--dry-run"]).run();
    let front = Binaries::built().front.canonicalize().unwrap();
    assert_eq!(
        dry.assert_printed(),
        format!(
            "--- {0}\n+++ {0}\n-model_providers.x.auth.command: (not shown)\n\
             +model_providers.x.auth.command: {1}\n-model_providers.x.auth.args: (not shown)\n\
             +model_providers.x.auth.args: [\"--format\",\"codex\"]\n\
             -model_providers.x.auth.timeout_ms: 9000\n+model_providers.x.auth.timeout_ms: 5000\n\
             +model_providers.x.auth.refresh_interval_ms: 300000\nNothing was written.\n",
            file.display(),
            front.display()
        )
    );
    assert_eq!(files::below(&home.path().join(".codex")), [(file.clone(), text.clone().into())]);
    let _ = codex(&home, &["--provider", "x", "--force"]).run().assert_printed();
    let undo = codex(&home, &["--provider", "x", "--undo", "--dry-run"]).run();
    assert!(undo.assert_printed().contains("+model_providers.x.auth.command: (not shown)\n"));
    assert!(!undo.stdout.contains(secret));
    let _ = codex(&home, &["--provider", "x", "--undo"]).run().assert_printed();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn apply_codex_refuses_a_provider_that_takes_no_command() {
    let home = user();
    codex(&home, &[]).run().assert_error(2, &["chooses no `model_provider`", "--provider NAME`"]);
    codex(&home, &["--provider", "x"])
        .run()
        .assert_error(2, &["there is no table `[model_providers.x]`"]);
    for (text, words) in [
        ("model_provider = \"openai\"\n", "there is no table `[model_providers.openai]`"),
        (
            "[model_providers.x]\nenv_key = \"K\"\n",
            "line 2, column 11: Codex does not allow `env_key`",
        ),
        ("[model_providers.x]\nname = sk-canary\n", "line 2, column 8: "),
        ("model_provider = sk-canary\n", "line 1, column 18: "),
    ] {
        let file = home.write(".codex/config.toml", text);
        let has_provider = text.starts_with("[model_providers.x]");
        let arguments = if has_provider { &["--provider", "x"][..] } else { &[] };
        let answer = codex(&home, arguments).run();
        answer.assert_error(2, &[words, "it was left as it is"]);
        assert!(!answer.stderr.contains("canary"), "{answer:?}");
        assert_eq!(files::below(&home.path().join(".codex")), [(file, text.into())]);
    }
    codex(&home, &["--scope", "project"])
        .run()
        .assert_error(2, &["no settings of scope `project`"]);
    codex(&home, &["--server", "x"]).run().assert_error(2, &["`--server` is for `--client mcp`"]);
}
