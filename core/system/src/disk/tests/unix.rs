use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Barrier;

use super::super::*;

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

fn put(folder: &StateFolder, name: &str, content: &[u8]) {
    let mut draft = folder.draft(4096).unwrap();
    draft.write(content).unwrap();
    draft.sync().unwrap();
    draft.publish(name).unwrap();
}

fn refusal(folder: &StateFolder) -> String {
    match folder.prepare() {
        Err(ReadError::Refused(error)) => error.report(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn state_folder_draft_has_mode_0600_and_replaces_the_whole_file() {
    let (_guard, folder) = folder();
    put(&folder, "a", b"a longer content");
    put(&folder, "a", b"short");
    assert_eq!(**folder.read("a").unwrap().unwrap(), *b"short");
    let mode = fs::metadata(folder.path().join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    folder.sync_names().unwrap();
}

#[test]
fn state_folder_draft_that_is_dropped_is_removed() {
    let (_guard, folder) = folder();
    drop(folder.draft(4096).unwrap());
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn state_folder_remove_of_an_absent_file_succeeds() {
    let (_guard, folder) = folder();
    put(&folder, "a", b"content");
    folder.remove("a").unwrap();
    folder.remove("a").unwrap();
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn unreadable_entry_is_set_aside_and_kept() {
    let (_guard, folder) = folder();
    for content in [b"first", b"other"] {
        put(&folder, "a.entry", content);
        folder.set_aside("a.entry").unwrap();
    }
    let names = names(&folder);
    assert_eq!(names.len(), 2);
    for name in names {
        assert!(name.starts_with("a.entry.") && name.ends_with(".unreadable"), "{name}");
        assert_eq!(folder.read(&name).unwrap().unwrap().len(), 5);
    }
}

#[test]
fn lock_has_one_holder() {
    let (_guard, folder) = folder();
    let lock = folder.try_lock("a.lock").unwrap();
    assert!(lock.is_some());
    assert!(folder.try_lock("a.lock").unwrap().is_none());
    drop(lock);
    assert!(folder.try_lock("a.lock").unwrap().is_some());
}

#[test]
fn lock_file_that_is_a_symlink_is_refused() {
    let (_guard, folder) = folder();
    symlink("/dev/null", folder.path().join("a.lock")).unwrap();
    assert!(folder.try_lock("a.lock").is_err());
}

#[test]
fn state_folder_has_mode_0700_or_is_refused() {
    let (_guard, folder) = folder();
    let mode = || fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o700);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(refusal(&folder).contains("chmod 700"), "{}", refusal(&folder));
    assert_eq!(mode(), 0o755);
}

#[test]
fn state_folder_that_is_a_file_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("file");
    fs::write(&path, "").unwrap();
    assert!(refusal(&StateFolder::new(path)).contains("is not a folder"));
}

#[test]
fn log_file_over_its_limit_is_rotated() {
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
fn log_lines_of_many_writers_stay_whole() {
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
fn sealing_key_made_in_a_race_is_the_same_for_all() {
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
