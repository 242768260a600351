//! Snapshots of a home folder, so that a thousand calls have the same starting point.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// All files and folders below a folder.
#[derive(Debug)]
pub struct Snapshot {
    root: PathBuf,
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Snapshot {
    /// Returns the content below `root`.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        let mut snapshot =
            Self { root: root.to_owned(), folders: BTreeSet::new(), files: BTreeMap::new() };
        snapshot.learn(root);
        snapshot
    }

    /// Restores the folder. Unchanged files are left alone, because scripts may still be running.
    pub fn restore(&self) {
        self.remove_others(&self.root);
        for folder in self.folders.iter().filter(|folder| !folder.exists()) {
            fs::create_dir(folder).expect("a folder");
            fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("its mode");
        }
        for (file, content) in &self.files {
            if fs::read(file).is_ok_and(|found| found == *content) {
                continue;
            }
            fs::write(file, content).expect("a file's content");
            fs::set_permissions(file, Permissions::from_mode(0o600)).expect("its mode");
        }
    }

    fn learn(&mut self, folder: &Path) {
        for path in paths(folder) {
            if path.is_dir() {
                self.folders.insert(path.clone());
                self.learn(&path);
            } else if path.is_file() {
                let content = fs::read(&path).expect("a file's content");
                self.files.insert(path, content);
            }
        }
    }

    fn remove_others(&self, folder: &Path) {
        for path in paths(folder) {
            if self.folders.contains(&path) {
                self.remove_others(&path);
            } else if path.is_dir() {
                fs::remove_dir_all(&path).expect("a folder that was not there");
            } else if path.is_file() && !self.files.contains_key(&path) {
                fs::remove_file(&path).expect("a file that was not there");
            }
        }
    }
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
