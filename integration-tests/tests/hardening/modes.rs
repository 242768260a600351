//! The modes of written files, with any umask of the caller.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use integration_tests::call::Call;
use integration_tests::home::Home;

fn with_umask(umask: &str, call: Call) -> Call {
    let line = format!("umask {umask}; exec \"$@\"");
    call.under(["sh", "-c", &line, "sh"].map(str::to_owned))
}

/// Returns the files in `path` that others can access.
fn open_to_others(path: &Path) -> Vec<String> {
    let metadata = path.symlink_metadata().unwrap();
    let mode = metadata.mode() & 0o777;
    let mut open = Vec::new();
    if mode & 0o077 != 0 {
        open.push(format!("{} {mode:03o}", path.display()));
    }
    if metadata.is_dir() {
        let inside = fs::read_dir(path).unwrap();
        open.extend(inside.flat_map(|file| open_to_others(&file.unwrap().path())));
    }
    open
}

#[test]
fn state_files_are_closed_to_others_with_umask_000() {
    // The second fetch fails, so that a failure is saved as well.
    let home = Home::with_script("[ $run = 1 ] || exit 75\necho key-1");
    with_umask("000", home.helper()).run().assert_key("key-1");
    let _ = with_umask("000", home.call(["get", "--refresh"])).run();

    assert!(home.state().failure("main").is_some());
    assert_eq!(open_to_others(home.state().path()), [""; 0]);
}

#[test]
fn script_runs_with_umask_077() {
    let home = Home::with_script("umask; touch \"$HOME/made\"");
    let answer = with_umask("000", home.helper()).run();
    answer.assert_key("0077");
    assert_eq!(open_to_others(&home.path().join("made")), [""; 0]);
}
