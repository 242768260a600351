//! Links that are named after a profile, for clients that pass no arguments.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use integration_tests::binaries::Binaries;
use integration_tests::home::Home;
use tempfile::TempDir;

/// Profiles `plain` and `json` of one source, with the programs in a separate folder.
struct User {
    home: Home,
    folder: TempDir,
    copy: Binaries,
}

impl User {
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

    /// Makes a link in another folder.
    fn link(&self, profile: &str) -> PathBuf {
        let link = self.home.path().join(format!("api-key-helper@{profile}"));
        symlink(&self.copy.front, &link).unwrap();
        link
    }
}

#[test]
fn symlink_named_after_a_profile_selects_it() {
    let user = User::new();
    let link = user.link("json");
    let is_json = |text: &str| assert!(text.starts_with("{\"key\":\"key-1\","), "{text}");
    is_json(user.home.helper().program(&link).run().assert_printed());

    let path = format!("{}:/usr/bin:/bin", user.home.path().display());
    let shell = user.home.call_of(Path::new("/bin/sh")).env("PATH", path);
    is_json(shell.clone().args(["-c", "api-key-helper@json"]).run().assert_printed());
    is_json(shell.args(["-c", "exec api-key-helper@json get"]).run().assert_printed());

    // A link to a link, and a hard link to the file itself.
    let second = user.home.path().join("second");
    symlink(&link, &second).unwrap();
    user.home.helper().program(&second).run().assert_key("key-1");
    let hard = user.folder.path().join("api-key-helper@json");
    fs::hard_link(&user.copy.front, &hard).unwrap();
    is_json(user.home.helper().program(&hard).run().assert_printed());
    assert_eq!(user.home.runs("main"), 1);
}

#[test]
fn cache_hit_by_a_profile_symlink_needs_no_worker() {
    let user = User::new();
    let link = user.link("other");
    let call = user.home.helper().program(&link);
    call.run().assert_key("key-1");
    fs::remove_file(&user.copy.worker).unwrap();
    call.run().assert_key("key-1");
    // It uses the same plan as the option.
    let option = user.home.call(["--profile", "other"]).program(&user.copy.front);
    option.run().assert_key("key-1");
    // A hard link in another folder has no worker beside it.
    let hard = user.folder.path().join("sub/api-key-helper@json");
    fs::create_dir(hard.parent().unwrap()).unwrap();
    fs::hard_link(&user.copy.front, &hard).unwrap();
    let answer = user.home.helper().program(&hard).run();
    answer.assert_error(2, &["cannot find the worker", "sub/api-key-helper-worker"]);
}

#[test]
fn profile_symlink_with_another_profile_option_exits_2() {
    let user = User::new();
    let link = user.link("json");
    let call = |arguments: &[&str]| user.home.call(arguments.iter().copied()).program(&link).run();
    assert!(call(&["--profile", "json"]).assert_printed().contains("key-1"));
    for arguments in
        [&["--profile", "plain"][..], &["--profile=plain", "get"], &["get", "--profile", "plain"]]
    {
        call(arguments).assert_error(2, &["`json`", "`plain`", "leave `--profile` out"]);
    }
}

#[test]
fn profile_symlink_with_an_invalid_name_exits_2() {
    let user = User::new();
    for name in ["", "Work", "a b", "json.old", "-a"] {
        let answer = user.home.helper().program(&user.link(name)).run();
        answer.assert_error(2, &["no name of a profile", "api-key-helper@NAME"]);
    }
    let answer = user.home.helper().program(&user.link("none")).run();
    answer.assert_error(2, &["there is no profile `none`", "`json`"]);
}
