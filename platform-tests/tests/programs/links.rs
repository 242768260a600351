//! Links that are named after a profile, for clients that pass no arguments.

use std::fs;
use std::path::PathBuf;

use platform_tests::binaries::Binaries;
use platform_tests::home::{Home, array};

/// Returns a user with two profiles, of which `work` is not the default; and the path of its link.
fn user() -> (Home, PathBuf) {
    let home = Home::new();
    let [work, other] =
        ["work", "other"].map(|name| array(&home.program(name, &format!("print key-of-{name}"))));
    home.configure(&format!(
        "default_profile = \"other\"\n\
         [profile.work]\nsources = [\"work\"]\n[profile.other]\nsources = [\"other\"]\n\
         [source.work]\nbackend = \"script\"\ncommand = {work}\n\
         [source.other]\nbackend = \"script\"\ncommand = {other}\n"
    ));
    let programs = Binaries::copy(&home.path().join("bin"));
    let typed = programs.front.with_file_name("api-key-helper@work");
    let link = typed.with_file_name(format!("api-key-helper@work{}", std::env::consts::EXE_SUFFIX));
    fs::hard_link(&programs.front, link).unwrap();
    (home, typed)
}

#[test]
fn profile_link_prints_the_profiles_key_as_typed() {
    let (home, typed) = user();
    // First by the worker, then by the front.
    for _ in 0..2 {
        home.helper().program(&typed).run().assert_key("key-of-work");
        let line = platform_tests::shell::quote(typed.to_str().unwrap());
        home.shell(&line).run().assert_key("key-of-work");
    }
    home.helper().run().assert_key("key-of-other");
}

/// File names are case-insensitive on Windows, so a program may be started by a name in another
/// case.
#[cfg(windows)]
#[test]
fn profile_link_prints_the_profiles_key_in_any_case() {
    let (home, typed) = user();
    for name in ["api-key-helper@work.exe", "API-KEY-HELPER@work.EXE", "Api-Key-Helper@work"] {
        home.helper().program(&typed.with_file_name(name)).run().assert_key("key-of-work");
    }
}

#[test]
fn profile_link_with_another_profile_option_exits_2() {
    let (home, typed) = user();
    let call = home.call(["--profile", "other"]).program(&typed);
    let answer = call.run();
    answer.assert_error(2, &["work", "other"]);
}
