//! A file system with no more guarantees than POSIX. After a crash, unsynced content may be torn,
//! and a name may refer to any file that it referred to since the names were last synced.

use std::collections::BTreeMap;

use crate::chance::Dice;

/// A file, independent of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct File(usize);

/// Identifies the holder of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held(u64);

#[derive(Debug, Default)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    names: BTreeMap<String, File>,
    /// The files that each name has referred to since the names were last synced, oldest first.
    unsettled: BTreeMap<String, Vec<Option<File>>>,
    locks: BTreeMap<String, Held>,
    next_lock: u64,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    is_durable: bool,
}

impl Disk {
    pub(crate) fn read(&self, name: &str) -> Option<&[u8]> {
        let File(index) = *self.names.get(name)?;
        Some(&self.contents[index].bytes)
    }

    pub(crate) fn make(&mut self) -> File {
        self.contents.push(Content::default());
        File(self.contents.len() - 1)
    }

    pub(crate) fn write(&mut self, File(index): File, bytes: &[u8]) {
        self.contents[index] = Content { bytes: bytes.to_vec(), is_durable: false };
    }

    pub(crate) fn sync(&mut self, File(index): File) {
        self.contents[index].is_durable = true;
    }

    /// Lets `name` refer to `file`, or removes it.
    pub(crate) fn name(&mut self, name: &str, file: Option<File>) {
        let before = self.names.get(name).copied();
        self.unsettled.entry(name.to_owned()).or_insert_with(|| vec![before]).push(file);
        match file {
            Some(file) => self.names.insert(name.to_owned(), file),
            None => self.names.remove(name),
        };
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(file) = self.names.get(from).copied() {
            self.name(to, Some(file));
            self.name(from, None);
        }
    }

    pub(crate) fn sync_names(&mut self) {
        self.unsettled.clear();
    }

    /// Returns whether a crash changes neither `name` nor its content.
    pub(crate) fn is_settled(&self, name: &str) -> bool {
        let file = self.names.get(name);
        let is_durable = file.is_none_or(|File(index)| self.contents[*index].is_durable);
        is_durable && !self.unsettled.contains_key(name)
    }

    pub(crate) fn lock(&mut self, name: &str) -> Option<Held> {
        if self.is_locked(name) {
            return None;
        }
        self.next_lock += 1;
        self.locks.insert(name.to_owned(), Held(self.next_lock));
        Some(Held(self.next_lock))
    }

    pub(crate) fn unlock(&mut self, name: &str, held: Held) {
        if self.locks.get(name) == Some(&held) {
            self.locks.remove(name);
        }
    }

    pub(crate) fn is_locked(&self, name: &str) -> bool {
        self.locks.contains_key(name)
    }

    /// Picks the state after a power failure.
    pub(crate) fn crash(&mut self, dice: &mut Dice) {
        for (name, meanings) in std::mem::take(&mut self.unsettled) {
            match dice.pick(&meanings) {
                Some(file) => self.names.insert(name, file),
                None => self.names.remove(&name),
            };
        }
        for content in &mut self.contents {
            if !content.is_durable {
                tear(&mut content.bytes, dice);
                content.is_durable = true;
            }
        }
        self.locks.clear();
    }

    /// Removes the folder with its files, while processes use it.
    pub(crate) fn vanish(&mut self) {
        self.names.clear();
        self.unsettled.clear();
        self.locks.clear();
    }

    /// Corrupts a file.
    pub(crate) fn rot(&mut self, name: &str, dice: &mut Dice) {
        if let Some(File(index)) = self.names.get(name) {
            tear(&mut self.contents[*index].bytes, dice);
        }
    }
}

fn tear(bytes: &mut Vec<u8>, dice: &mut Dice) {
    match dice.below(4) {
        0 => bytes.clear(),
        1 => bytes.truncate(dice.index(bytes.len() + 1)),
        // Blocks that were allocated and never written.
        2 => bytes.fill(0),
        _ => bytes.iter_mut().for_each(|byte| *byte ^= dice.pick(&[0, 0, 0, 0x5a])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the possible contents of the name after many crashes.
    fn after_crashes(prepare: impl Fn(&mut Disk)) -> Vec<Option<Vec<u8>>> {
        let mut left: Vec<_> = (0..200)
            .map(|seed| {
                let mut disk = Disk::default();
                let old = disk.make();
                disk.write(old, b"old");
                disk.sync(old);
                disk.name("name", Some(old));
                disk.sync_names();
                prepare(&mut disk);
                disk.crash(&mut Dice::new(seed));
                disk.read("name").map(<[u8]>::to_vec)
            })
            .collect();
        left.sort();
        left.dedup();
        left
    }

    fn new(disk: &mut Disk) -> File {
        let file = disk.make();
        disk.write(file, b"new");
        file
    }

    #[test]
    fn crash_before_fsync_of_names_leaves_the_old_or_new_name() {
        let left = after_crashes(|disk| {
            let file = new(disk);
            disk.sync(file);
            disk.name("name", Some(file));
        });
        assert_eq!(left, [Some(b"new".to_vec()), Some(b"old".to_vec())]);
        let left = after_crashes(|disk| disk.name("name", None));
        assert_eq!(left, [None, Some(b"old".to_vec())]);
    }

    #[test]
    fn crash_after_fsync_keeps_content_and_name() {
        let left = after_crashes(|disk| {
            let file = new(disk);
            disk.sync(file);
            disk.name("name", Some(file));
            disk.sync_names();
        });
        assert_eq!(left, [Some(b"new".to_vec())]);
    }

    #[test]
    fn crash_before_fsync_of_content_tears_it() {
        let left = after_crashes(|disk| {
            let file = new(disk);
            disk.name("name", Some(file));
            disk.sync_names();
        });
        assert!(left.contains(&Some(Vec::new())) && left.contains(&Some(vec![0; 3])), "{left:?}");
        assert!(left.iter().flatten().any(|bytes| b"new".starts_with(bytes) && bytes.len() == 2));
    }
}
