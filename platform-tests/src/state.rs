//! The state folder, which tests read and change directly: that is how they let time pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api_key_helper_cache::{
    Entry, EntryId, Failure, KeyFile, Nonce, Plan, SealSetting, SealingKey, keys_at_hand,
};
use api_key_helper_system::StateFolder;
use api_key_helper_system::trust::Trail;
use api_key_helper_values::Moment;
use serde_json::Value;

use crate::wait::until;

/// A state folder.
#[derive(Clone, Debug)]
pub struct State {
    folder: PathBuf,
    keys: KeyFile,
}

impl State {
    /// Returns the state folder `folder`, whose encryption keys are in the folder `keys`.
    #[must_use]
    pub const fn new(folder: PathBuf, keys: PathBuf) -> Self {
        Self { folder, keys: KeyFile::new(keys) }
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Returns the file of the encryption keys.
    #[must_use]
    pub const fn key_file(&self) -> &KeyFile {
        &self.keys
    }

    /// Returns the encryption key, from the kernel's keyring or the file.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    #[track_caller]
    pub fn sealing_key(&self) -> SealingKey {
        keys_at_hand(SealSetting::Auto, &self.keys, &mut Trail::new())
            .expect("a sealing key")
            .current
    }

    /// Returns the names of the files that end in `suffix`, in order.
    #[must_use]
    pub fn files(&self, suffix: &str) -> Vec<String> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(suffix)).collect();
        names.sort();
        names
    }

    /// Returns the labels of the encryption keys, one for each entry, in order.
    ///
    /// # Panics
    /// A file does not have the name of an entry.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let label = |name: String| {
            let (stem, _) = name.split_once(".v").expect("a version");
            stem.rsplit_once('-').expect("a label").1.to_owned()
        };
        let mut labels: Vec<String> = self.files(".entry").into_iter().map(label).collect();
        labels.sort();
        labels
    }

    /// Returns the file of a source's entry.
    ///
    /// # Panics
    /// The source does not have exactly one.
    #[must_use]
    #[track_caller]
    pub fn entry_file(&self, source: &str) -> PathBuf {
        self.folder.join(self.id(source).entry_file(&self.sealing_key()))
    }

    /// Returns the entry of a source.
    ///
    /// # Panics
    /// It is damaged.
    #[must_use]
    #[track_caller]
    pub fn entry(&self, source: &str) -> Entry {
        let bytes = fs::read(self.entry_file(source)).expect("the entry's file");
        Entry::decode(&bytes, &self.id(source), &self.sealing_key()).expect("a whole entry")
    }

    /// Returns the entries of all sources in the plans, with any settings.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |id: EntryId| {
            let bytes = fs::read(self.folder.join(id.entry_file(&self.sealing_key()))).ok()?;
            Entry::decode(&bytes, &id, &self.sealing_key())
        };
        self.ids().into_iter().filter_map(entry).collect()
    }

    /// Returns the key in the entry of a source.
    #[must_use]
    #[track_caller]
    pub fn key(&self, source: &str) -> Option<String> {
        self.entry(source).key.map(|key| key.expose().to_owned())
    }

    /// Changes the entry of a source.
    ///
    /// # Panics
    /// It is damaged, or cannot be written.
    #[track_caller]
    pub fn change(&self, source: &str, change: impl FnOnce(&mut Entry)) {
        let mut entry = self.entry(source);
        change(&mut entry);
        // The key of a test may reuse a nonce.
        let content = entry.encode(&self.id(source), &self.sealing_key(), Nonce([7; 24]));
        self.replace(&self.entry_file(source), &content);
    }

    /// Makes the entry of a source older by `duration`.
    #[track_caller]
    pub fn age(&self, source: &str, duration: Duration) {
        self.change(source, |entry| {
            let validity = &mut entry.validity;
            validity.fetched_at = validity.fetched_at.minus(duration);
            let refetched_at = &mut entry.refetched_at;
            for moment in [&mut validity.expires_at, &mut validity.refresh_at, refetched_at] {
                *moment = moment.map(|moment| moment.minus(duration));
            }
        });
    }

    /// Returns the last failure of a source.
    #[must_use]
    #[track_caller]
    pub fn failure(&self, source: &str) -> Option<Failure> {
        let bytes = fs::read(self.folder.join(self.id(source).failure_file())).ok()?;
        Some(Failure::decode(&bytes).expect("a whole failure"))
    }

    /// Ends the cooldown after a source's last failure, however long it is.
    ///
    /// # Panics
    /// There was no failure.
    #[track_caller]
    pub fn end_pause(&self, source: &str) {
        let failure = self.failure(source).expect("a failure");
        let past = failure.failed_at().minus(Duration::from_secs(3_600));
        self.replace_failure(source, &failure, failure.count(), past);
    }

    /// Ends the cooldowns of all sources.
    ///
    /// # Panics
    /// A failure is damaged.
    pub fn end_pauses(&self) {
        for file in self.files(".failure") {
            let file = self.folder.join(file);
            let failure = fs::read(&file).ok().and_then(|bytes| Failure::decode(&bytes));
            let failure = failure.expect("a whole failure");
            let past = failure.failed_at().minus(Duration::from_secs(3_600));
            let ended = Failure::remember(&failure.error(), None, failure.environment(), past, 1.0);
            self.replace(&file, &ended.encode());
        }
    }

    /// Makes a source's last failure one of `count` in a row, with the longest cooldown.
    ///
    /// # Panics
    /// There was no failure.
    #[track_caller]
    pub fn fail_in_a_row(&self, source: &str, count: u32) {
        let failure = self.failure(source).expect("a failure");
        self.replace_failure(source, &failure, count, failure.failed_at());
    }

    /// Changes the time of a source's last failure.
    ///
    /// # Panics
    /// There was no failure.
    #[track_caller]
    pub fn move_failure(&self, source: &str, moved: impl FnOnce(Moment) -> Moment) {
        let failure = self.failure(source).expect("a failure");
        self.replace_failure(source, &failure, failure.count(), moved(failure.failed_at()));
    }

    fn replace_failure(&self, source: &str, failure: &Failure, count: u32, at: Moment) {
        let (error, environment) = (failure.error(), failure.environment());
        let again = |before: Option<Failure>, _| {
            Some(Failure::remember(&error, before.as_ref(), environment, at, 1.0))
        };
        let other = (0..count).fold(None, again).expect("at least one failure");
        self.replace(&self.folder.join(self.id(source).failure_file()), &other.encode());
    }

    /// Waits until no process is refreshing a source.
    #[track_caller]
    pub fn wait_for_peace(&self, source: &str) {
        let folder = StateFolder::new(self.folder.clone());
        let lock = self.id(source).lock_file();
        until("nobody asks the source", || (!folder.is_locked(&lock)).then_some(()));
    }

    /// Returns the lines of the refresh log.
    ///
    /// # Panics
    /// A line is not JSON.
    #[must_use]
    pub fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("refresh.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// Replaces a file as the helper does.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn replace(&self, file: &Path, content: &[u8]) {
        let draft = self.folder.join("test.tmp");
        fs::write(&draft, content).expect("the file's content");
        #[cfg(unix)]
        fs::set_permissions(&draft, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("the file's mode");
        // Windows does not replace a file that a process has open.
        until("the file is replaced", || fs::rename(&draft, file).ok());
    }

    /// Returns the identity of the source of that name. Of several with different settings, it is
    /// the one that has an entry or a failure.
    #[track_caller]
    fn id(&self, source: &str) -> EntryId {
        let mut ids = self.ids();
        ids.retain(|id| id.source == source);
        let is_there = |file: String| self.folder.join(file).exists();
        let is_kept = |id: &EntryId| {
            is_there(id.entry_file(&self.sealing_key())) || is_there(id.failure_file())
        };
        if ids.len() > 1 {
            let is_any_kept = ids.iter().any(is_kept);
            ids.retain(|id| if is_any_kept { is_kept(id) } else { is_there(id.lock_file()) });
        }
        let [id] = &ids[..] else { panic!("not one source `{source}`: {ids:?}") };
        id.clone()
    }

    /// Returns the identities of all sources. They come from the plans; for sources that only
    /// others use, and for those with an entry per variable, from their files.
    fn ids(&self) -> Vec<EntryId> {
        let plans = self.files(".plan");
        let planned = plans
            .iter()
            .filter_map(|file| Plan::decode(&fs::read(self.folder.join(file)).ok()?))
            .flat_map(|plan| plan.sources)
            .map(|source| source.id);
        let entries = self.files(".entry");
        let cached = entries.iter().filter_map(|file| {
            EntryId::of_entry_file(file, &fs::read(self.folder.join(file)).ok()?)
        });
        let mut ids: Vec<EntryId> = planned.chain(cached).collect();
        ids.sort_by(|a, b| (&a.source, a.fingerprint).cmp(&(&b.source, b.fingerprint)));
        ids.dedup();
        for file in [".lock", ".failure"].iter().flat_map(|suffix| self.files(suffix)) {
            ids.extend(
                named_by(&file).filter(|named| ids.iter().all(|id| id.stem() != named.stem())),
            );
        }
        ids
    }
}

/// Returns an identity with the same file names as that of `file`, whose name has only a part of
/// the fingerprint.
fn named_by(file: &str) -> Option<EntryId> {
    let source = EntryId::source_of_file(file)?;
    let (_, hexadecimal) = file.split_once('.')?.0.rsplit_once('-')?;
    let mut fingerprint = [0; 32];
    for (byte, digits) in fingerprint.iter_mut().zip(hexadecimal.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(EntryId { source: source.to_owned(), fingerprint: fingerprint.into() })
}
