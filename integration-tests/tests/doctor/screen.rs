//! The report on a user's screen.

use integration_tests::binaries::Binaries;
use serde_json::json;

use crate::setup::Setup;

/// Returns the report with its paths and times replaced.
fn shown(setup: &Setup, text: &str) -> String {
    let programs = Binaries::built();
    let mut text = text.to_owned();
    for (path, name) in [
        (&programs.worker.canonicalize().unwrap(), "WORKER"),
        (&programs.front.canonicalize().unwrap(), "FRONT"),
        (&setup.home.path().canonicalize().unwrap(), "~"),
    ] {
        text = text.replace(&*path.to_string_lossy(), name);
    }
    let words = text.split_inclusive([' ', '\n']).collect::<Vec<_>>();
    let is_measured = |index: usize| {
        let before = words.get(index.wrapping_sub(1)).map_or("", |word| word.trim_end());
        ["has", "in", "took"].contains(&before)
    };
    let number = |word: &str| word.trim_end().bytes().all(|byte| byte.is_ascii_digit());
    (0..words.len())
        .map(|index| match words[index] {
            word if number(word) && is_measured(index) => "N ",
            word => word,
        })
        .collect()
}

#[test]
fn doctor_prints_each_check_with_its_hint_below() {
    let setup = Setup::with_settings("retries = 0", "", "exit 75");
    setup.tell("echo key", &json!({}));
    let version = env!("CARGO_PKG_VERSION");
    let call = setup.home.call(["doctor"]).env("LANG", "C.UTF-8");
    let answer = call.run();
    assert_eq!((answer.code, &*answer.stderr), (Some(1), ""), "{answer:?}");
    let expected = format!("\
✓ worker: `WORKER` is version {version}
✓ front: `FRONT` is of the same version
✓ configuration-file: `~/.config/api-key-helper/config.toml` is there, and only you and root can change it
✓ state-folder: `~/.local/state/api-key-helper` is yours alone
✓ state-folder-writable: `~/.local/state/api-key-helper` can be written to
✓ state-folder-space: `~/.local/state/api-key-helper` has N MiB of room
✓ state-folder-file-system: `~/.local/state/api-key-helper` is on a file system of this machine
✓ configuration-settings: profile `main` has `main`
✓ source-settings: `main` is of backend `script`
✓ cached-entries: nothing is cached of `main`
✓ entries-set-aside: no entry was set aside as unreadable
✓ entries-of-other-versions: no entry is of a newer version
✓ sealing-key: a key in the file ~/.local/share/api-key-helper/seal.key seals what is cached: the secret service is not there: there is no session bus
✓ last-refreshes: `main` was never asked
✗ source-answers: `main` gave no key in N ms: `~/main` failed with exit code 75
    run `~/main` by hand to see why
✓ client-settings: `~/.claude/settings.json` (user) can be read
✓ helper-setting: `~/.claude/settings.json` (user) names the helper
✓ api-key-variable: `ANTHROPIC_API_KEY` is not set
✓ auth-token-variable: `ANTHROPIC_AUTH_TOKEN` is not set
! helper-line: the helper's line begins with no absolute path: `PATH` decides what runs
    run `api-key-helper apply`
! helper-copy: the helper is another program than api-key-helper, or does more: it has no cache
    run `api-key-helper apply --force`
! client-ttl: `CLAUDE_CODE_API_KEY_HELPER_TTL_MS` is not set: Claude Code goes on using a key for 5 min, and the helper has no cache: so often its source is asked
    set it to 1800000 ms at least, or run `api-key-helper apply`, which sets what suits the key
✓ helper-time: the helper took N ms
✓ helper-run: the helper ends well and says nothing
✓ helper-output: the helper prints 4 bytes: one key that can be used
✓ helper-stdout: the helper's stdout ends with it

26 checks: 1 error, 3 warnings
");
    assert_eq!(shown(&setup, &answer.stdout), expected);
}

#[test]
fn doctor_in_a_non_utf8_locale_prints_ascii() {
    let setup = Setup::new();
    setup.tell("echo key", &json!({}));
    let answer = setup.home.call(["doctor"]).run();
    assert!(answer.stdout.is_ascii(), "{answer:?}");
    let begins = |sign: &str| answer.stdout.lines().filter(|line| line.starts_with(sign)).count();
    assert!(begins("+ ") > 20 && begins("! ") == 3, "{answer:?}");
    assert!(answer.stdout.ends_with("\n\n28 checks: 0 errors, 3 warnings\n"), "{answer:?}");
}
