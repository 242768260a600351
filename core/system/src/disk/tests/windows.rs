use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::super::*;

fn folder() -> (tempfile::TempDir, StateFolder) {
    let parent = tempfile::tempdir().unwrap();
    crate::windows::for_tests::grant(parent.path(), "nobody").unwrap();
    let folder = StateFolder::new(parent.path().join("state"));
    folder.prepare().unwrap();
    (parent, folder)
}

fn put(folder: &StateFolder, name: &str, content: &[u8]) {
    let mut draft = folder.draft(4096).unwrap();
    draft.write(content).unwrap();
    draft.sync().unwrap();
    draft.publish(name).unwrap();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the system's own pace")]
fn state_folder_file_is_replaced_while_others_read_it() {
    let (_guard, folder) = folder();
    put(&folder, "a", &[b'0'; 100]);
    let (is_over, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    // Each file is complete and present.
                    let content = folder.read("a").unwrap().unwrap();
                    assert!(content.len() == 100 && content.iter().all(|byte| *byte == content[0]));
                    reads.fetch_add(1, Ordering::Relaxed);
                    // A caller needs longer to start than to read.
                    thread::sleep(std::time::Duration::from_millis(2));
                }
            });
        }
        let written = scope.spawn(|| {
            for round in 0..30_u8 {
                put(&folder, "a", &[b'0' + round % 10; 100]);
            }
        });
        let written = written.join();
        is_over.store(true, Ordering::Relaxed);
        written.unwrap();
    });
    assert!(reads.load(Ordering::Relaxed) > 0);
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn state_folder_and_its_files_are_the_callers_alone() {
    let (_guard, folder) = folder();
    put(&folder, "a", b"content");
    assert_eq!(**folder.read("a").unwrap().unwrap(), *b"content");
    let grant = crate::windows::for_tests::grant;
    grant(&folder.path().join("a"), "to read").unwrap();
    let Err(ReadError::Refused(error)) = folder.read("a") else { panic!("it is read") };
    assert!(error.message().contains("can be read or changed by"), "{error}");
    grant(folder.path(), "to read").unwrap();
    assert!(matches!(folder.prepare(), Err(ReadError::Refused(_))));
}

#[test]
fn lock_has_one_holder_and_log_is_renamed() {
    let (_guard, folder) = folder();
    let lock = folder.try_lock("a.lock").unwrap();
    assert!(lock.is_some() && folder.is_locked("a.lock"));
    assert!(folder.try_lock("a.lock").unwrap().is_none());
    drop(lock);
    assert!(folder.try_lock("a.lock").unwrap().is_some());
    for line in [b"first\n", b"other\n", b"third\n"] {
        folder.append("log", "log.1", line, 5).unwrap();
    }
    assert_eq!(**folder.read("log").unwrap().unwrap(), *b"third\n");
    assert_eq!(**folder.read("log.1").unwrap().unwrap(), *b"other\n");
}

#[test]
fn unreadable_entry_is_set_aside_and_kept() {
    let (_guard, folder) = folder();
    put(&folder, "a.entry", b"first");
    folder.set_aside("a.entry").unwrap();
    assert!(folder.read("a.entry").unwrap().is_none());
    let mut names = fs::read_dir(folder.path()).unwrap();
    let name = names.next().unwrap().unwrap().file_name().into_string().unwrap();
    assert!(name.starts_with("a.entry.") && name.ends_with(UNREADABLE_SUFFIX), "{name}");
}
