use std::future::Future;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::engine::Disk;

fn folder() -> (tempfile::TempDir, StateFolder) {
    let parent = tempfile::tempdir().unwrap();
    let folder = StateFolder::new(parent.path().join("a/b"));
    folder.prepare().unwrap();
    (parent, folder)
}

/// Nothing here ever waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the disk waited"),
    }
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
    let mut draft = now(folder.draft(4096)).unwrap();
    now(draft.write(content)).unwrap();
    now(draft.sync()).unwrap();
    now(draft.publish(name)).unwrap();
}

#[test]
fn a_draft_is_private_and_replaces_the_whole_file() {
    let (_guard, folder) = folder();
    put(&folder, "a", b"a longer content");
    put(&folder, "a", b"short");
    assert_eq!(**folder.read("a").unwrap().unwrap(), *b"short");
    let mode = fs::metadata(folder.path().join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    now(folder.sync_names()).unwrap();
}

#[test]
fn a_dropped_draft_is_gone() {
    let (_guard, folder) = folder();
    drop(now(folder.draft(4096)).unwrap());
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn what_is_removed_or_absent_is_gone() {
    let (_guard, folder) = folder();
    put(&folder, "a", b"content");
    now(folder.remove("a")).unwrap();
    now(folder.remove("a")).unwrap();
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn what_is_set_aside_is_kept() {
    let (_guard, folder) = folder();
    for content in [b"first", b"other"] {
        put(&folder, "a.entry", content);
        now(folder.set_aside("a.entry")).unwrap();
    }
    let names = names(&folder);
    assert_eq!(names.len(), 2);
    for name in names {
        assert!(name.starts_with("a.entry.") && name.ends_with(".unreadable"), "{name}");
        assert_eq!(folder.read(&name).unwrap().unwrap().len(), 5);
    }
}

#[test]
fn a_lock_has_one_holder() {
    let (_guard, folder) = folder();
    let lock = now(folder.try_lock("a.lock")).unwrap();
    assert!(lock.is_some());
    assert!(now(folder.try_lock("a.lock")).unwrap().is_none());
    drop(lock);
    assert!(now(folder.try_lock("a.lock")).unwrap().is_some());
}

#[test]
fn a_lock_is_not_taken_through_a_link() {
    let (_guard, folder) = folder();
    symlink("/dev/null", folder.path().join("a.lock")).unwrap();
    assert!(now(folder.try_lock("a.lock")).is_err());
}
