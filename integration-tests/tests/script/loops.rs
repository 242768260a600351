//! Scripts that request their own key, or the key of another profile.

use std::path::PathBuf;

use integration_tests::binaries::Binaries;
use integration_tests::home::{Home, KEYS, configuration};

#[test]
fn script_loop_asking_for_its_own_key_is_refused() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let ask =
        format!("'{front}' >\"$HOME/inner.out\" 2>\"$HOME/inner.err\"; echo $? >\"$HOME/code\"");
    let script = home.script("main", &format!("{ask}\n{KEYS}"));
    home.configure(&configuration("", "", &script));
    home.helper().run().assert_key("key-1");

    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    assert_eq!((&*read("code"), &*read("inner.out")), ("2\n", ""));
    let words = "source `main` is asked for by a program that it runs itself (main)";
    assert!(read("inner.err").contains(words), "{}", read("inner.err"));
    assert!(read("inner.err").contains("hint: "), "{}", read("inner.err"));
    assert_eq!(home.runs("main"), 1);
}

/// Writes another configuration of the user, whose source is called `main` as well.
fn other_configuration(home: &Home, body: &str) -> PathBuf {
    let script = home.script("other", body);
    home.write("other.toml", configuration("retries = 0", "retries = 0", &script))
}

#[test]
fn script_source_of_the_same_name_in_another_configuration_is_no_loop() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let other = other_configuration(&home, "echo of-the-other");
    let script = home.script("main", &format!("exec '{front}' --config '{}'", other.display()));
    home.configure(&configuration("", "", &script));
    home.helper().run().assert_key("of-the-other");
}

#[test]
fn script_source_of_the_same_name_with_other_settings_is_no_loop() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let script =
        home.script("main", &format!("[ \"$1\" ] && exec '{front}' --config \"$1\"\n{KEYS}"));
    let inner = home.write("inner.toml", configuration("", "", &script));
    let text = configuration("", "", &script);
    let with_argument = format!("{}\", \"{}\"]", script.display(), inner.display());
    home.configure(&text.replace(&format!("{}\"]", script.display()), &with_argument));
    home.helper().run().assert_key("key-2");
}

#[test]
fn script_loop_through_another_configuration_is_refused() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let own = home.config_file();
    let back = format!("exec '{front}' --config '{}' 2>\"$HOME/said\"", own.display());
    let other = other_configuration(&home, &back);
    let script = home.script("main", &format!("exec '{front}' --config '{}'", other.display()));
    home.configure(&configuration("retries = 0", "", &script));
    home.helper().run().assert_error(1, &["exit code 2"]);
    let said = std::fs::read_to_string(home.path().join("said")).unwrap();
    assert!(said.contains("by a program that it runs itself (main -> main)"), "{said}");
    assert_eq!((home.runs("main"), home.runs("other")), (1, 1));
}

#[test]
fn script_loop_through_a_copied_configuration_is_refused() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let copy = "cd ~/.config/api-key-helper; cp -p config.toml copy.toml";
    let ask = format!("{copy}; exec '{front}' --config copy.toml");
    let script = home.script("main", &ask);
    home.configure(&configuration("retries = 0", "", &script));
    let words = ["exit code 2", "by a program that it runs itself (main)"];
    home.helper().run().assert_error(1, &words);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn script_loop_of_two_sources_is_refused() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let ask = |profile: &str| format!("exec '{front}' --profile {profile}");
    let [first, second] = [("first", "second"), ("second", "first")]
        .map(|(name, other)| home.script(name, &ask(other)));
    home.configure(&format!(
        "default_profile = \"first\"\n\
         [profile.first]\nsources = [\"first\"]\nretries = 0\n\
         [profile.second]\nsources = [\"second\"]\nretries = 0\n\
         [source.first]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
         [source.second]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        first.display(),
        second.display()
    ));
    let answer = home.helper().run();
    assert_eq!((answer.code, &*answer.stdout), (Some(1), ""), "{answer:?}");
    assert_eq!((home.runs("first"), home.runs("second")), (1, 1));
    let log = home.state().log();
    assert_eq!(log.len(), 2, "{log:?}");
}

#[test]
fn script_may_ask_for_the_key_of_another_profile() {
    let home = Home::new();
    let front = Binaries::built().front.display();
    let inner = home.script("inner", "echo inner-$run");
    let outer = home.script("outer", &format!("echo outer-of-$('{front}' --profile inner)"));
    home.configure(&format!(
        "default_profile = \"outer\"\n\
         [profile.outer]\nsources = [\"outer\"]\n[profile.inner]\nsources = [\"inner\"]\n\
         [source.outer]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
         [source.inner]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        outer.display(),
        inner.display()
    ));
    home.helper().run().assert_key("outer-of-inner-1");
}
