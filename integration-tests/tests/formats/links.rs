//! Links that are called after a profile, for clients that pass no arguments.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use integration_tests::binaries::Binaries;
use integration_tests::home::Home;
use tempfile::TempDir;

/// Profiles `plain` and `json` of one source, and the programs in a folder of their own.
struct Desk {
    home: Home,
    folder: TempDir,
    copy: Binaries,
}

impl Desk {
    fn new() -> Self {
        let home = Home::new();
        let script = home.script("main", integration_tests::home::KEYS);
        home.configure(&format!(
            "default_profile = \"plain\"\n[profile.plain]\nsources = [\"main\"]\n\
             [profile.json]\nsources = [\"main\"]\nformat = \"json\"\n\
             [profile.other]\nsources = [\"main\"]\nttl = \"2h\"\n\
             [source.main]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
            script.display()
        ));
        let folder = tempfile::tempdir().unwrap();
        let copy = Binaries::copy(&folder.path().canonicalize().unwrap());
        Self { home, folder, copy }
    }

    /// A link in another folder.
    fn link(&self, profile: &str) -> PathBuf {
        let link = self.home.path().join(format!("api-key-helper@{profile}"));
        symlink(&self.copy.front, &link).unwrap();
        link
    }
}

#[test]
fn symlink_named_after_a_profile_selects_it() {
    let desk = Desk::new();
    let link = desk.link("json");
    let is_json = |text: &str| assert!(text.starts_with("{\"key\":\"key-1\","), "{text}");
    is_json(desk.home.helper().program(&link).run().assert_printed());

    let path = format!("{}:/usr/bin:/bin", desk.home.path().display());
    let shell = desk.home.call_of(Path::new("/bin/sh")).env("PATH", path);
    is_json(shell.clone().args(["-c", "api-key-helper@json"]).run().assert_printed());
    is_json(shell.args(["-c", "exec api-key-helper@json get"]).run().assert_printed());

    // A link to a link, and a second name of the file itself.
    let second = desk.home.path().join("second");
    symlink(&link, &second).unwrap();
    desk.home.helper().program(&second).run().assert_key("key-1");
    let hard = desk.folder.path().join("api-key-helper@json");
    fs::hard_link(&desk.copy.front, &hard).unwrap();
    is_json(desk.home.helper().program(&hard).run().assert_printed());
    assert_eq!(desk.home.runs("main"), 1);
}

#[test]
fn cache_hit_by_a_profile_symlink_needs_no_worker() {
    let desk = Desk::new();
    let link = desk.link("other");
    let call = desk.home.helper().program(&link);
    call.run().assert_key("key-1");
    fs::remove_file(&desk.copy.worker).unwrap();
    call.run().assert_key("key-1");
    // Its plan is that of the option.
    let option = desk.home.call(["--profile", "other"]).program(&desk.copy.front);
    option.run().assert_key("key-1");
    // A hard link elsewhere has nothing beside it.
    let hard = desk.folder.path().join("sub/api-key-helper@json");
    fs::create_dir(hard.parent().unwrap()).unwrap();
    fs::hard_link(&desk.copy.front, &hard).unwrap();
    let answer = desk.home.helper().program(&hard).run();
    answer.assert_error(2, &["the worker is missing", "sub/api-key-helper-worker"]);
}

#[test]
fn profile_symlink_with_another_profile_option_exits_2() {
    let desk = Desk::new();
    let link = desk.link("json");
    let call = |arguments: &[&str]| desk.home.call(arguments.iter().copied()).program(&link).run();
    assert!(call(&["--profile", "json"]).assert_printed().contains("key-1"));
    for arguments in
        [&["--profile", "plain"][..], &["--profile=plain", "get"], &["get", "--profile", "plain"]]
    {
        call(arguments).assert_error(2, &["`json`", "`plain`", "leave `--profile` out"]);
    }
}

#[test]
fn profile_symlink_with_an_invalid_name_exits_2() {
    let desk = Desk::new();
    for name in ["", "Work", "a b", "json.old", "-a"] {
        let answer = desk.home.helper().program(&desk.link(name)).run();
        answer.assert_error(2, &["no name of a profile", "api-key-helper@NAME"]);
    }
    let answer = desk.home.helper().program(&desk.link("none")).run();
    answer.assert_error(2, &["there is no profile `none`", "`json`"]);
}
