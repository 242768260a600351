//! The page about `exec` shows the output of a shell.

use std::fs;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::home::{Home, search_path};

#[test]
fn documentation_transcripts_of_exec_hold() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands/exec.md");
    let page = fs::read_to_string(page).expect("the page");
    let home = Home::with_script("printf 'k%.0s' $(seq 108)");
    let front = Binaries::built().front.canonicalize().expect("the front's path");
    let folder = front.parent().expect("its folder").as_os_str();
    let path = [folder, &search_path()].join(":".as_ref());
    let mut calls = 0;
    for block in page.split("```console\n$ ").skip(1).filter_map(|rest| rest.split("```").next()) {
        let (line, shown) = block.split_once('\n').expect("a line and what it prints");
        let call = home.call_of(Path::new("/bin/sh")).args(["-c", &format!("({line}) 2>&1")]);
        let answer = call.env("PATH", &path).run();
        assert_eq!(answer.stdout, shown, "{line}");
        calls += 1;
    }
    assert_eq!(calls, 3);
}
