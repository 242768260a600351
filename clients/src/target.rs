//! A settings file with a change and its undo.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::backup::{Backup, Before};
use crate::file::{self, Snapshot};
use crate::json;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::slots::{SlotValue, Slots};

/// A settings file to put a helper into, or to remove it from.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    slots: Slots,
    modes: Modes,
    backup: Backup,
    now: Snapshot,
    found: Vec<Option<SlotValue>>,
}

/// An undo that is prepared, and not written yet.
pub struct Undo<'a> {
    target: &'a Target,
    before: Before,
    /// The content of the file; `None` to remove it.
    content: Option<Vec<u8>>,
}

/// The result of an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoOutcome {
    /// The file is, byte for byte, what it was before.
    Restored,
    /// The file was changed since; only our values were removed.
    TakenOut,
    /// The file is gone, as before.
    Removed,
}

impl Target {
    /// Reads the settings file at `path`, which belongs to `scope`.
    ///
    /// # Errors
    /// The file cannot be read, or the client would reject it.
    pub fn read(path: &Path, scope: Scope, slots: Slots) -> Result<Self, Refusal> {
        let now = Snapshot::read(path)?;
        let found = slots.find(now.content.as_deref().unwrap_or_default())?;
        let backup = Backup::of(path, now.real(), &slots.of);
        Ok(Self { path: path.to_owned(), slots, modes: modes(scope), backup, now, found })
    }

    /// Returns the places of our values.
    #[must_use]
    pub const fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Returns the current values, in the order of their paths.
    #[must_use]
    pub fn found(&self) -> &[Option<SlotValue>] {
        &self.found
    }

    /// Returns the command that the client would run, unless it is blank.
    #[must_use]
    pub fn helper(&self) -> Option<&SlotValue> {
        let helper = self.found.first()?.as_ref()?;
        let is_blank = helper.value.as_str().is_some_and(|text| text.trim().is_empty());
        (!is_blank).then_some(helper)
    }

    /// Returns whether the file begins with U+FEFF, which a change keeps.
    #[must_use]
    pub fn has_byte_order_mark(&self) -> bool {
        self.now.content.as_deref().is_some_and(json::has_byte_order_mark)
    }

    /// Returns whether the file has `values` already.
    ///
    /// # Errors
    /// The client would reject the file.
    pub fn has(&self, values: &[Value]) -> Result<bool, Refusal> {
        let Some(now) = &self.now.content else { return Ok(false) };
        Ok(self.slots.put(now, values)? == *now)
    }

    /// Sets `values`, in the order of their paths. The previous file is kept beside it until the
    /// undo. A second change makes no backup: the file already has our values. Returns the path of
    /// the backup, if there is one.
    ///
    /// # Errors
    /// A file cannot be written; the settings are unchanged.
    pub fn apply(&self, values: &[Value]) -> Result<Option<PathBuf>, Refusal> {
        let Some(old) = &self.now.content else { return self.make(values) };
        let new = self.slots.put(old, values)?;
        let copy = match self.is_ours() {
            true => self.backup.read()?.and_then(Before::into_copy),
            false => Some(self.backup.save_file(&self.now)?),
        };
        self.now.replace(&new, self.modes.file)?;
        Ok(copy)
    }

    fn make(&self, values: &[Value]) -> Result<Option<PathBuf>, Refusal> {
        let new = self.slots.put(&[], values)?;
        let made = file::make_folders(&self.path, self.modes.folder)?;
        self.backup.save_nothing(made, self.modes.file)?;
        self.now.replace(&new, self.modes.file)?;
        Ok(None)
    }

    /// Prepares the removal of our values; `None` if the helper is not ours, or there is no backup.
    ///
    /// # Errors
    /// The backup cannot be read, or the client would reject it.
    pub fn undo(&self) -> Result<Option<Undo<'_>>, Refusal> {
        if !self.is_ours() {
            return Ok(None);
        }
        let Some(before) = self.backup.read()? else { return Ok(None) };
        let now = self.now.content.as_deref().unwrap_or_default();
        let content = self.slots.take_back(now, before.content())?;
        Ok(Some(Undo { target: self, before, content }))
    }

    /// Returns whether the client would run api-key-helper.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.helper().is_some_and(|helper| self.slots.is_ours(&helper.value))
    }
}

impl Undo<'_> {
    /// Returns the values that the file will have.
    ///
    /// # Errors
    /// The client would reject the backup.
    pub fn found(&self) -> Result<Vec<Option<SlotValue>>, Refusal> {
        Ok(match &self.content {
            Some(content) => self.target.slots.find(content)?,
            None => vec![None; self.target.slots.paths.len()],
        })
    }

    /// Writes or removes the file, and then removes the backup.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(self) -> Result<UndoOutcome, Refusal> {
        let Self { target, before, content } = self;
        match &content {
            Some(content) => target.now.replace(content, target.modes.file)?,
            None => target.now.remove()?,
        }
        target.backup.remove()?;
        Ok(match (content, before) {
            (None, Before::Nothing { folders }) => {
                file::remove_folders(&target.path, folders);
                UndoOutcome::Removed
            }
            (Some(now), Before::File { content, .. }) if now == content => UndoOutcome::Restored,
            _ => UndoOutcome::TakenOut,
        })
    }
}

/// The modes of new files and folders.
#[derive(Clone, Copy, Debug)]
struct Modes {
    file: u32,
    folder: u32,
}

/// A file of one user may come to contain secrets.
const fn modes(scope: Scope) -> Modes {
    match scope {
        Scope::User | Scope::Local => Modes { file: 0o600, folder: 0o700 },
        Scope::Project | Scope::Managed => Modes { file: 0o644, folder: 0o755 },
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::claude_code::{Change, slots};

    const BEFORE: &str = "{\n  \"env\": {\n    \"TOKEN\": \"private-value\"\n  }\n}\n";
    const OURS: &str = "{\"apiKeyHelper\": \"exec /b/api-key-helper\"}";

    fn values() -> Vec<Value> {
        Change { helper: "exec '/c/api-key-helper'".to_owned(), ttl: 300_000 }.values()
    }

    fn target(path: &Path, scope: Scope) -> Target {
        Target::read(path, scope, slots()).unwrap()
    }

    fn undo(path: &Path, scope: Scope) -> UndoOutcome {
        target(path, scope).undo().unwrap().unwrap().write().unwrap()
    }

    /// Returns the names of the files below a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let below = entries.flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => names(&entry.path())
                .into_iter()
                .map(|below| format!("{}/{below}", name(&entry.path())))
                .collect(),
            false => vec![name(&entry.path())],
        });
        let mut names: Vec<String> = below.collect();
        names.sort();
        names
    }

    #[test]
    fn apply_backup_folder_that_is_a_symlink_is_refused() {
        for content in [Some(BEFORE), Some(OURS), None] {
            let folder = tempfile::tempdir().unwrap();
            let (project, other) = (folder.path().join("project"), folder.path().join("other"));
            fs::create_dir(&project).unwrap();
            fs::create_dir(&other).unwrap();
            fs::write(other.join(".gitignore"), "target\n").unwrap();
            symlink(&other, project.join(".before-api-key-helper")).unwrap();
            let path = project.join("settings.local.json");
            if let Some(content) = content {
                fs::write(&path, content).unwrap();
            }
            let refused = target(&path, Scope::Local).apply(&values());
            assert!(matches!(refused, Err(Refusal::Link(_))), "{content:?}");
            assert_eq!(fs::read_to_string(other.join(".gitignore")).unwrap(), "target\n");
            assert_eq!(names(&other), [".gitignore"]);
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), content);
        }
    }

    #[test]
    fn undo_ignores_a_backup_that_is_a_symlink() {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("credentials.json");
        fs::write(&private, BEFORE).unwrap();
        let path = folder.path().join("settings.json");
        let copy = folder.path().join("settings.json.before-api-key-helper");
        fs::write(&path, OURS).unwrap();
        symlink(&private, &copy).unwrap();
        let target = target(&path, Scope::Project);
        assert!(matches!(target.undo(), Err(Refusal::Link(link)) if link == copy));
        assert_eq!(fs::read_to_string(&path).unwrap(), OURS);
    }

    #[test]
    fn apply_backs_up_no_settings_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        for (name, scope) in [("settings.json", Scope::User), ("settings.local.json", Scope::Local)]
        {
            let path = folder.path().join(name);
            fs::write(&path, OURS).unwrap();
            assert_eq!(target(&path, scope).apply(&values()).unwrap(), None);
            assert!(target(&path, scope).undo().unwrap().is_none());
        }
        assert_eq!(names(folder.path()), ["settings.json", "settings.local.json"]);
    }

    #[test]
    fn apply_backup_in_a_symlinked_home_survives() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        symlink("data", folder.path().join("home")).unwrap();
        let path = folder.path().join("home/settings.json");
        for (before, expected) in
            [(Some(BEFORE), UndoOutcome::Restored), (None, UndoOutcome::Removed)]
        {
            if let Some(before) = before {
                fs::write(&path, before).unwrap();
            }
            target(&path, Scope::User).apply(&values()).unwrap();
            assert_eq!(undo(&path, Scope::User), expected);
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), before);
            assert_eq!(names(folder.path()).len(), usize::from(before.is_some()) + 1);
            let _ = fs::remove_file(&path);
        }
    }

    #[test]
    fn undo_restores_a_backup_of_version_0_1_0() {
        let folder = tempfile::tempdir().unwrap();
        let local = folder.path().join("settings.local.json");
        // That version kept the backup beside the link.
        let link = folder.path().join("settings.json");
        fs::create_dir(folder.path().join("private")).unwrap();
        let real = folder.path().join("private/claude.json");
        symlink(&real, &link).unwrap();
        for (path, file, scope) in [(&local, &local, Scope::Local), (&link, &real, Scope::User)] {
            let copy = path.with_added_extension("before-api-key-helper");
            let rows = [
                ("none-before-api-key-helper", "0\n", "", UndoOutcome::Removed),
                ("before-api-key-helper", BEFORE, BEFORE, UndoOutcome::Restored),
            ];
            for (extension, content, before, expected) in rows {
                let older = Change { helper: "exec '/b/api-key-helper'".to_owned(), ttl: 1 };
                fs::write(file, slots().put(before.as_bytes(), &older.values()).unwrap()).unwrap();
                fs::write(path.with_added_extension(extension), content).unwrap();
                let kept = (content == BEFORE).then(|| copy.clone());
                assert_eq!(target(path, scope).apply(&values()).unwrap(), kept);
                assert_eq!(undo(path, scope), expected);
            }
            assert_eq!(fs::read_to_string(path).unwrap(), BEFORE);
        }
        let left = ["private/claude.json", "settings.json", "settings.local.json"];
        assert_eq!(names(folder.path()), left);
        // If another program has changed the file since, that backup is out of date.
        let former = local.with_added_extension("before-api-key-helper");
        for before in [Some(BEFORE), None] {
            let _ = fs::remove_file(&local);
            if let Some(before) = before {
                fs::write(&local, before).unwrap();
            }
            fs::write(&former, "{\"model\": \"old\"}").unwrap();
            let _ = target(&local, Scope::Local).apply(&values()).unwrap();
            let _ = undo(&local, Scope::Local);
            assert_eq!(fs::read_to_string(&local).ok().as_deref(), before);
        }
        assert!(!former.exists());
    }

    #[test]
    fn apply_backup_place_depends_on_the_file_not_on_the_scope() {
        let folder = tempfile::tempdir().unwrap();
        let local = folder.path().join("settings.local.json");
        fs::write(&local, BEFORE).unwrap();
        let link = folder.path().join("settings.json");
        symlink("settings.local.json", &link).unwrap();
        let _ = target(&link, Scope::Project).apply(&values()).unwrap();
        let copy = ".before-api-key-helper/settings.local.json.before-api-key-helper";
        assert!(names(folder.path()).contains(&copy.to_owned()));
        assert_eq!(undo(&local, Scope::Local), UndoOutcome::Restored);

        let other = folder.path().join("claude.json");
        fs::write(&other, BEFORE).unwrap();
        let copy = target(&other, Scope::Local).apply(&values()).unwrap();
        assert_eq!(copy, Some(folder.path().join("claude.json.before-api-key-helper")));
    }
}
