//! Configurations with invalid chains.

use integration_tests::home::Home;

fn refused(text: &str, words: &[&str]) {
    let home = Home::new();
    home.configure(text);
    let file = home.config_file().display().to_string();
    for call in [home.helper(), home.call(["status"]), home.call(["login"])] {
        call.run().assert_error(2, &[&[&*file], words].concat());
    }
}

/// Returns a profile with a valid source, and two sources that no profile uses.
fn with(a: &str, b: &str) -> String {
    format!(
        "[profile.main]\nsources = [\"good\"]\n[source.good]\nbackend = \"script\"\n\
         command = [\"/bin/true\"]\n\
         [source.a]\nbackend = \"script\"\ncommand = [\"/bin/true\"]\nstdin = {{ source = \"{a}\" }}\n\
         [source.b]\nbackend = \"script\"\ncommand = [\"/bin/true\"]\nstdin = {{ source = \"{b}\" }}\n"
    )
}

#[test]
fn source_loop_in_the_configuration_is_refused_with_its_path() {
    let words = [":13:11: `source.b.stdin.source`", "the sources form a cycle: `a` -> `b` -> `a`"];
    refused(&with("b", "a"), &words);
    refused(&with("good", "b"), &[":13:11: ", "the sources form a cycle: `b` -> `b`"]);
}

#[test]
fn unknown_inner_source_is_refused_with_its_line() {
    let words = [":9:11: `source.a.stdin.source`", "there is no source `god`", "`good`"];
    refused(&with("god", "good"), &words);
}
