//! The key is in the program's environment, and all else there is the caller's.

use std::collections::BTreeSet;
use std::fs;

use integration_tests::home::{Home, KEYS, configuration, search_path};
use integration_tests::process::Process;
use rustix::process::Signal;

use crate::supervised::Supervised;

/// A key that occurs nowhere by chance.
const KEY: &str = "sk-canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5-yellow";

fn has_key(bytes: &[u8]) -> bool {
    bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes())
}

/// The variables that a program prints which prints all of its own.
fn printed(text: &str) -> BTreeSet<String> {
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn expected(home: &Home, keys: &[&str]) -> BTreeSet<String> {
    let path = search_path().into_string().unwrap();
    let own = [format!("HOME={}", home.path().display()), format!("PATH={path}")];
    own.into_iter().chain(keys.iter().map(|name| format!("{name}=key-1"))).collect()
}

#[test]
fn it_has_the_callers_variables_and_the_key() {
    let home = Home::with_script(KEYS);
    for mode in [&["exec"][..], &["exec", "--reload"]] {
        let run = |names: &[&str]| {
            let call = home.call(mode.iter().chain(names).copied());
            let answer = call.args(["--", "env", "-0"]).run();
            printed(answer.assert_printed())
        };
        assert_eq!(run(&[]), expected(&home, &["ANTHROPIC_API_KEY"]), "{mode:?}");
        let names = ["--env", "OPENAI_API_KEY", "--env=A"];
        assert_eq!(run(&names), expected(&home, &["OPENAI_API_KEY", "A"]), "{mode:?}");
    }
    // What the caller has under that name makes way.
    let call = home.call(["exec", "--env", "A", "--", "printenv", "A"]).env("A", "another");
    assert_eq!(call.run().assert_printed(), "key-1\n");
}

#[test]
fn no_shell_looks_at_the_words() {
    let home = Home::with_script(KEYS);
    let words = ["printf", "%s|", "$HOME", "a b", "*", "; id", "--env", "--"];
    let answer = home.call(["exec", "--"]).args(words).run();
    assert_eq!(answer.assert_printed(), "$HOME|a b|*|; id|--env|--|");
}

#[test]
fn the_key_is_in_no_other_process_and_in_no_command_line() {
    let user = Supervised::with_profile("");
    user.rotate(KEY);
    let given = "for process in $$ $PPID; do\n\
                 cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\ndone\n\
                 cat \"$HOME/key\"";
    let _ = user.home.script("main", given);
    let started = format!("started {KEY}");
    for arguments in [&["exec", "--"][..], &["exec", "--reload", "--"]] {
        let call = user.home.call(arguments.iter().copied()).arg(user.program()).start();
        let program = user.wait_for(&started);
        assert!(has_key(&program.environment()));
        assert!(!has_key(&program.arguments()));
        let ours = call.process();
        assert!(!has_key(&ours.arguments()));
        if arguments.contains(&"--reload") {
            assert_ne!(ours, program);
            assert!(!ours.environment().is_empty() && !has_key(&ours.environment()));
        } else {
            assert_eq!(ours, program);
        }
        call.signal(Signal::TERM);
        let answer = call.finish();
        assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(7), "", ""));
        fs::remove_file(user.home.path().join("told")).unwrap();
    }
    // Worker and script, as they were while the key was fetched.
    let given = fs::read(user.home.path().join("given")).unwrap();
    assert!(!given.is_empty() && !has_key(&given));
}

#[test]
fn it_begins_as_if_nobody_were_between() {
    let home = Home::with_script(KEYS);
    // Of the signals the first 32: the C library has the next ones for itself.
    let program = "umask; ulimit -Sc; ulimit -Hc; ls /proc/self/fd | wc -l; \
                   grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status | sed 's/\\t.\\{8\\}/ /'";
    // Of the signals, one that is passed on otherwise, and the two that `nohup` and `&` ignore.
    let caller = "umask 027; ulimit -Sc 8 2>/dev/null; trap '' HUP INT USR1; exec \"$@\"";
    let wrapped = ["sh", "-c", caller, "sh"];
    let shell = std::path::Path::new("/bin/sh");
    let plain = home.call_of(shell).args(["-c", program]).under(wrapped).run();
    let plain = plain.assert_printed();
    assert!(plain.starts_with("0027\n"), "{plain}");
    for mode in [&["exec"][..], &["exec", "--reload"]] {
        let call = home.call(mode.iter().copied()).args(["--", "/bin/sh", "-c", program]);
        assert_eq!(call.under(wrapped).run().assert_printed(), plain, "{mode:?}");
    }
}

#[test]
fn a_key_that_is_due_is_replaced_before_the_program_gets_it() {
    let home = Home::with_settings("ttl = \"10m\"", "", KEYS);
    home.helper().run().assert_key("key-1");
    home.state().age("main", std::time::Duration::from_secs(11 * 60));
    let answer = home.call(["exec", "--", "printenv", "ANTHROPIC_API_KEY"]).run();
    assert_eq!(answer.assert_printed(), "key-2\n");
    // Nobody is left behind for the program to wait for.
    assert_eq!(Process::all_with("HOME", home.path()), []);
}

#[test]
fn a_source_that_runs_a_program_for_itself_is_told() {
    let home = Home::new();
    let front = integration_tests::binaries::Binaries::built().front.display().to_string();
    let script = home.script("main", &format!("exec '{front}' exec -- printenv ANTHROPIC_API_KEY"));
    home.configure(&configuration("", "retries = 0", &script));
    let answer = home.call(["exec", "--", "true"]).run();
    answer.assert_error(125, &["source `main` is asked for by a program that it runs itself"]);
    assert_eq!(home.runs("main"), 1);
}
