//! The key is in the program's environment, and the rest is the caller's.

use std::collections::BTreeSet;
use std::fs;

use integration_tests::home::{Home, KEYS, configuration, search_path};
use integration_tests::process::Process;
use integration_tests::wait::until;
use rustix::process::Signal;

/// A key that occurs nowhere by chance.
const KEY: &str = "sk-canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5-yellow";

fn has_key(bytes: &[u8]) -> bool {
    bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes())
}

/// Returns the variables in the output of a program that prints all of its own.
fn printed(text: &str) -> BTreeSet<String> {
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn expected(home: &Home, keys: &[&str]) -> BTreeSet<String> {
    let path = search_path().into_string().unwrap();
    let own = [format!("HOME={}", home.path().display()), format!("PATH={path}")];
    own.into_iter().chain(keys.iter().map(|name| format!("{name}=key-1"))).collect()
}

#[test]
fn exec_environment_is_the_callers_plus_the_key() {
    let home = Home::with_script(KEYS);
    let run = |names: &[&str]| {
        let call = home.call(["exec"].iter().chain(names).copied());
        printed(call.args(["--", "env", "-0"]).run().assert_printed())
    };
    assert_eq!(run(&[]), expected(&home, &["ANTHROPIC_API_KEY"]));
    let names = ["--env", "OPENAI_API_KEY", "--env=A"];
    assert_eq!(run(&names), expected(&home, &["OPENAI_API_KEY", "A"]));
    // The caller's variable of that name is replaced.
    let call = home.call(["exec", "--env", "A", "--", "printenv", "A"]).env("A", "another");
    assert_eq!(call.run().assert_printed(), "key-1\n");
}

#[test]
fn exec_arguments_reach_the_program_without_a_shell() {
    let home = Home::with_script(KEYS);
    let words = ["printf", "%s|", "$HOME", "a b", "*", "; id", "--env", "--"];
    let answer = home.call(["exec", "--"]).args(words).run();
    assert_eq!(answer.assert_printed(), "$HOME|a b|*|; id|--env|--|");
}

#[test]
fn exec_key_is_in_no_other_process_environment_or_command_line() {
    // The worker and the script during the fetch.
    let home = Home::with_script(
        "for process in $$ $PPID; do\n\
         cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\ndone\n\
         cat \"$HOME/key\"",
    );
    home.make_dumpable();
    home.write("key", KEY);
    let call = home.call(["exec", "--", "sleep", "600"]).start();
    let program = call.process();
    until("the program has the key", || has_key(&program.environment()).then_some(()));
    assert_eq!(program.arguments(), b"sleep\x00600\0");
    call.signal(Signal::TERM);
    let answer = call.finish();
    assert_eq!((answer.signal, &*answer.stdout, &*answer.stderr), (Some(15), "", ""));
    let given = fs::read(home.path().join("given")).unwrap();
    assert!(!given.is_empty() && !has_key(&given));
}

#[test]
fn exec_program_inherits_umask_limits_descriptors_and_signals() {
    let home = Home::with_script(KEYS);
    // The first 32 signals: the C library uses the next ones itself.
    let program = "umask; ulimit -Sc; ulimit -Hc; ls /proc/self/fd | wc -l; \
                   grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status | sed 's/\\t.\\{8\\}/ /'";
    // A signal that is handled differently, and the two that `nohup` and `&` ignore.
    let caller = "umask 027; ulimit -Sc 8 2>/dev/null; trap '' HUP INT USR1; exec \"$@\"";
    let wrapped = ["sh", "-c", caller, "sh"];
    let shell = std::path::Path::new("/bin/sh");
    let plain = home.call_of(shell).args(["-c", program]).under(wrapped).run();
    let plain = plain.assert_printed();
    assert!(plain.starts_with("0027\n"), "{plain}");
    let call = home.call(["exec", "--", "/bin/sh", "-c", program]);
    assert_eq!(call.under(wrapped).run().assert_printed(), plain);
}

#[test]
fn exec_replaces_a_due_key_before_the_program_starts() {
    let home = Home::with_settings("ttl = \"10m\"", "", KEYS);
    home.make_dumpable();
    home.helper().run().assert_key("key-1");
    home.state().age("main", std::time::Duration::from_secs(11 * 60));
    let answer = home.call(["exec", "--", "printenv", "ANTHROPIC_API_KEY"]).run();
    assert_eq!(answer.assert_printed(), "key-2\n");
    // No process is left for the program to wait for.
    assert_eq!(Process::all_with("HOME", home.path()), []);
}

#[test]
fn exec_inside_its_own_source_is_refused_as_a_loop() {
    let home = Home::new();
    let front = integration_tests::binaries::Binaries::built().front.display().to_string();
    let script = home.script("main", &format!("exec '{front}' exec -- printenv ANTHROPIC_API_KEY"));
    home.configure(&configuration("", "retries = 0", &script));
    let answer = home.call(["exec", "--", "true"]).run();
    answer.assert_error(125, &["source `main` is asked for by a program that it runs itself"]);
    assert_eq!(home.runs("main"), 1);
}
