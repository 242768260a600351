//! The cost of sealing in a hit. Looks the same entry up unsealed, with a key from the file, and
//! with a key from the kernel keyring, in turns.
//!
//! ```sh
//! cargo bench -p api-key-helper-cache --bench seal_cost
//! ```

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement, which people read")]
#![expect(clippy::disallowed_methods, reason = "it is about time")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use api_key_helper_cache::{
    Entry, EntryId, EnvironmentMark, KernelKeyring, KeyFile, Memory, Nonce, Seal, SealSetting,
    SealingKey, Validity, keys_at_hand,
};
use api_key_helper_system::StateFolder;
use api_key_helper_system::trust::Trail;
use api_key_helper_values::{Fingerprint, Key, Moment};
use zeroize::Zeroizing;

const ROUNDS: usize = 5_000;

/// A seal that does nothing, for comparison.
#[derive(Debug)]
struct Plain;

impl Seal for Plain {
    fn label(&self) -> &'static str {
        "plain"
    }

    fn seal(&self, content: &[u8], _: &[u8], _: Nonce) -> Vec<u8> {
        content.to_vec()
    }

    fn open(&self, sealed: &[u8], _: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(sealed.to_vec()))
    }
}

/// Sets a mode on Unix. On other systems the folder's permissions are inherited.
fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
        .expect("its mode");
    let _ = (path, mode);
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    set_mode(folder.path(), 0o700);
    let state = StateFolder::new(folder.path().join("state"));
    state.prepare().expect("the state folder");
    let file = KeyFile::new(folder.path().join("keys"));
    let keys = file
        .read_or_make(|| Ok(SealingKey::new([7; SealingKey::LENGTH].into())))
        .expect("a sealing key");
    let id = EntryId { source: "main".to_owned(), fingerprint: Fingerprint::of([&b"a"[..]]) };
    let entry = Entry {
        key_since: Moment::from_unix_millis(0),
        refetched_at: None,
        key: Some(Key::parse(&"k".repeat(108)).expect("a key")),
        validity: Validity {
            fetched_at: Moment::from_unix_millis(0),
            expires_at: None,
            refresh_at: None,
            jitter: 0.0,
        },
        renewal: None,
        environment: EnvironmentMark::new([0; 16], &[], &|_| None),
    };
    for seal in [&Plain as &dyn Seal, &keys.current] {
        let path = state.path().join(id.entry_file(seal));
        fs::write(&path, entry.encode(&id, seal, Nonce([7; 24]))).expect("an entry");
        set_mode(&path, 0o600);
    }
    let look = |seal: &dyn Seal| {
        let bytes = state.read(&id.entry_file(seal)).expect("the entry").expect("the entry");
        Entry::decode(&bytes, &id, seal).expect("a whole entry")
    };
    let sealed = |setting: SealSetting| {
        let keys = keys_at_hand(setting, &file, &mut Trail::new()).expect("the sealing key");
        look(&keys.current)
    };
    let keyring = KernelKeyring::of(&file);
    let remembered = keyring.remember(&Memory::Keys(keys.clone()));
    let mut times = [const { Vec::<Duration>::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(took(|| look(&Plain)));
        times[1].push(took(|| sealed(SealSetting::File)));
        if remembered.is_ok() {
            times[2].push(took(|| sealed(SealSetting::SecretService)));
        }
    }
    keyring.forget();
    let names = ["unsealed", "sealed, key in the file", "sealed, key in the kernel"];
    for (name, mut times) in names.into_iter().zip(times) {
        times.sort();
        match times.get(times.len() / 2) {
            Some(median) => println!("{name}: {:.1} us", median.as_secs_f64() * 1e6),
            None => println!("{name}: the kernel refuses"),
        }
    }
}

fn took<T>(act: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let _result = act();
    start.elapsed()
}
