use std::fs::{File, FileTimes};

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

#[test]
fn state_folder_sweep_removes_old_files_of_ours() {
    let (_guard, folder) = folder();
    let time = fs::metadata(folder.path()).unwrap().modified().unwrap();
    for name in ["old.plan", "used.entry", "held.lock", "free.lock", "foreign.txt", "new.failure"] {
        fs::write(folder.path().join(name), "").unwrap();
        let old = time - KEPT_FOR - Duration::from_secs(1);
        let modified = if name.starts_with("new") { time } else { old };
        let file = File::options().write(true).open(folder.path().join(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(modified)).unwrap();
    }
    let _held = folder.try_lock("held.lock").unwrap().unwrap();
    sweep(&folder, time.into(), |name| name.starts_with("used")).unwrap();
    assert_eq!(names(&folder), ["foreign.txt", "held.lock", "new.failure", "used.entry"]);
}

#[test]
fn state_folder_sweep_bounds_environments_by_their_last_use() {
    let (_guard, folder) = folder();
    let time = fs::metadata(folder.path()).unwrap().modified().unwrap();
    let put = |name: &str, age: u64| {
        fs::write(folder.path().join(name), "").unwrap();
        let file = File::options().write(true).open(folder.path().join(name)).unwrap();
        let used_at = time - Duration::from_secs(age);
        file.set_times(FileTimes::new().set_modified(used_at)).unwrap();
    };
    let environments = ENVIRONMENTS_KEPT as u64 + 2;
    for age in 0..environments {
        put(&format!("a-{age:012x}-0f.v2.entry"), age);
        put(&format!("a-{age:012x}.lock"), age);
    }
    put("a-b-000000000000-0f.v2.entry", environments);
    let held = format!("a-{:012x}", environments - 1);
    let _held = folder.try_lock(&format!("{held}.lock")).unwrap().unwrap();
    sweep(&folder, time.into(), |name| name.starts_with(&held)).unwrap();
    let names = names(&folder);
    let of = |suffix: &str| names.iter().filter(|name| name.ends_with(suffix)).count();
    // Files that are kept in any case do not count.
    assert_eq!((of(".entry"), of(".lock")), (ENVIRONMENTS_KEPT + 2, ENVIRONMENTS_KEPT + 1));
    let swept = format!("a-{:012x}", environments - 2);
    assert!(!names.iter().any(|name| name.starts_with(&swept)), "{names:?}");
    assert_eq!(files_of(&folder, "a-b").unwrap(), ["a-b-000000000000-0f.v2.entry"]);
}
