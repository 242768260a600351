use std::fs::FileTimes;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Barrier;

use super::*;

fn folder() -> (tempfile::TempDir, StateFolder) {
    let parent = tempfile::tempdir().unwrap();
    let folder = StateFolder::new(parent.path().join("a/b"));
    folder.prepare().unwrap();
    (parent, folder)
}

fn names(folder: &StateFolder) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn refusal(folder: &StateFolder) -> String {
    match folder.prepare() {
        Err(ReadError::Refused(error)) => error.report(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_folder_is_private() {
    let (_guard, folder) = folder();
    let mode = || fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o700);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(refusal(&folder).contains("chmod 700"), "{}", refusal(&folder));
    assert_eq!(mode(), 0o755);
}

#[test]
fn a_file_is_not_a_folder() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("file");
    fs::write(&path, "").unwrap();
    assert!(refusal(&StateFolder::new(path)).contains("is not a folder"));
}

#[test]
fn the_sweep_takes_what_is_old_and_ours() {
    let (_guard, folder) = folder();
    let time = fs::metadata(folder.path()).unwrap().modified().unwrap();
    for name in ["old.plan", "used.entry", "held.lock", "free.lock", "foreign.txt", "new.failure"] {
        fs::write(folder.path().join(name), "").unwrap();
        let old = time - KEPT_FOR - Duration::from_secs(1);
        let modified = if name.starts_with("new") { time } else { old };
        let file = File::options().write(true).open(folder.path().join(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(modified)).unwrap();
    }
    let _held = lock_file(&folder.path().join("held.lock")).unwrap().unwrap();
    folder.sweep(time.into(), |name| name.starts_with("used")).unwrap();
    assert_eq!(names(&folder), ["foreign.txt", "held.lock", "new.failure", "used.entry"]);
}

#[test]
fn a_long_file_is_begun_anew() {
    let (_guard, folder) = folder();
    for line in ["one\n", "two\n", "three\n"] {
        folder.append("log", "log.1", line.as_bytes(), 6).unwrap();
    }
    let read =
        |name: &str| String::from_utf8(folder.read(name).unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(read("log.1"), "one\ntwo\n");
    assert_eq!(read("log"), "three\n");
}

#[test]
fn lines_of_many_writers_stay_whole() {
    let (_guard, folder) = folder();
    let line = "x".repeat(99) + "\n";
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    folder.append("log", "log.1", line.as_bytes(), 1 << 20).unwrap();
                }
            });
        }
    });
    let log = String::from_utf8(folder.read("log").unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(log.len(), 8 * 50 * 100);
    assert!(log.lines().all(|line| line.len() == 99));
}

#[test]
fn what_is_made_once_is_the_same_for_all() {
    let (_guard, folder) = folder();
    let barrier = Barrier::new(8);
    let contents: Vec<_> = std::thread::scope(|scope| {
        let make = |number: u8| {
            let (folder, barrier) = (&folder, &barrier);
            move || {
                barrier.wait();
                folder.made_once("key", || Ok(vec![number; 32].into())).unwrap()
            }
        };
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(make(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(contents.iter().all(|content| **content == *contents[0]));
    assert_eq!(names(&folder), ["key"]);
}
