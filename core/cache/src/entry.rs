//! A cached credential.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    EnvironmentMark, Fingerprint, Key, Moment, Nonce, Seal, Secret, UNREADABLE_SUFFIX, Validity,
};

/// The version of the format. It is part of the file's name too, so that versions installed side by
/// side do not overwrite one another's entries.
pub const ENTRY_VERSION: u8 = 2;

/// The cached credential of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; `None` if it was dropped and only the renewal is left.
    pub key: Option<Key>,
    /// The time at which the source first gave this key. Fetching the same key again does not
    /// change it.
    pub key_since: Moment,
    /// The last time at which the source was asked because the API refused its key.
    pub refetched_at: Option<Moment>,
    /// The key's times.
    pub validity: Validity,
    /// Backend state for the next fetch without the user.
    pub renewal: Option<Secret>,
    /// The environment in which the key was fetched.
    pub environment: EnvironmentMark,
}

/// The identity of an entry: its source, settings and environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryId {
    /// The source's name.
    pub source: String,
    /// The hash of its settings, and of the variables that select the key's account.
    pub fingerprint: Fingerprint,
}

impl EntryId {
    /// The entry of these settings in an environment, told apart by the variables `selectors`.
    /// Without selectors, nothing is hashed. An empty value counts as not set, as backends read it.
    #[must_use]
    pub fn selected(
        self,
        selectors: &[String],
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Self {
        if selectors.is_empty() {
            return self;
        }
        let values: Vec<OsString> =
            selectors.iter().map(|name| variable(name).unwrap_or_default()).collect();
        let environment = selectors.iter().zip(&values);
        let environment =
            environment.flat_map(|(name, value)| [name.as_bytes(), value.as_encoded_bytes()]);
        let parts = std::iter::once(&self.fingerprint.as_bytes()[..]).chain(environment);
        Self { fingerprint: Fingerprint::of(parts), ..self }
    }

    /// The source in a file's name. The file may be an entry of any version, settings and sealing
    /// key, an entry that was set aside, a lock or a failure.
    #[must_use]
    pub fn source_of_file(name: &str) -> Option<&str> {
        let name = match name.strip_suffix(UNREADABLE_SUFFIX) {
            Some(entry_file) => entry_file.rsplit_once('.')?.0,
            None => name,
        };
        let stem = match name.strip_suffix(".entry") {
            Some(sealed) => sealed.rsplit_once(".v")?.0.rsplit_once('-')?.0,
            None => name.strip_suffix(".failure").or_else(|| name.strip_suffix(".lock"))?,
        };
        let (source, fingerprint) = stem.rsplit_once('-')?;
        let is_hash = |text: &str| {
            text.len() == 2 * NAMED_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        is_hash(fingerprint).then_some(source)
    }

    /// The name of the entry's file.
    #[must_use]
    pub fn entry_file(&self, seal: &dyn Seal) -> String {
        format!("{}-{}{}", self.stem(), seal.label(), suffix())
    }

    /// The identity of the entry in the file `name` with this `content`. It is only a claim until
    /// the entry is opened, because the sealed part proves it.
    #[must_use]
    pub fn of_entry_file(name: &str, content: &[u8]) -> Option<Self> {
        let (stem, _) = name.strip_suffix(&suffix())?.rsplit_once('-')?;
        let (source, _) = stem.rsplit_once('-')?;
        let (fingerprint, _) = content.split_first_chunk()?;
        let id = Self { source: source.to_owned(), fingerprint: Fingerprint::from(*fingerprint) };
        (id.stem() == stem).then_some(id)
    }

    /// Returns whether the file `name` is an entry of this source and these settings, sealed by any
    /// key.
    #[must_use]
    pub fn has_entry_file(&self, name: &str) -> bool {
        let label = name.strip_prefix(&self.stem()).and_then(|rest| rest.strip_prefix('-'));
        label
            .and_then(|rest| rest.strip_suffix(&suffix()))
            .is_some_and(|label| !label.contains('-'))
    }

    /// The name of the lock for refreshing the entry. Hosts with different sealing keys share it.
    #[must_use]
    pub fn lock_file(&self) -> String {
        self.stem() + ".lock"
    }

    /// The name of the file with the source's last failure.
    #[must_use]
    pub fn failure_file(&self) -> String {
        self.stem() + ".failure"
    }

    /// The common prefix of the names of its files.
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{}-{}", self.source, self.fingerprint.short(NAMED_BYTES))
    }

    fn context(&self) -> Vec<u8> {
        let mut context = vec![ENTRY_VERSION];
        context.extend_from_slice(self.fingerprint.as_bytes());
        context.extend_from_slice(self.source.as_bytes());
        context
    }
}

/// The number of fingerprint bytes in a file name.
const NAMED_BYTES: usize = 6;

/// The suffix of entries of this version.
fn suffix() -> String {
    format!(".v{ENTRY_VERSION}.entry")
}

/// The stored form of an entry. It borrows, so that secrets are not copied.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    key: Option<&'a str>,
    key_since: Moment,
    refetched_at: Option<Moment>,
    validity: Validity,
    renewal: Option<&'a str>,
    environment: EnvironmentMark,
}

/// The identity of one of a source's keys. It is not derived from the key, so it reveals only the
/// time of the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyId {
    /// The fingerprint of the source's settings, which include its name.
    pub source: Fingerprint,
    /// The time at which the source first gave this key.
    pub since: Moment,
}

impl Entry {
    /// The identity of the key, as the entry of `id`.
    #[must_use]
    pub const fn key_id(&self, id: &EntryId) -> KeyId {
        KeyId { source: id.fingerprint, since: self.key_since }
    }

    /// The content of the entry's file: the fingerprint, and the sealed entry. The fingerprint lets
    /// `seal` find an entry's identity for sealing it again.
    #[must_use]
    pub fn encode(&self, id: &EntryId, seal: &dyn Seal, nonce: Nonce) -> Vec<u8> {
        let stored = Stored {
            key: self.key.as_ref().map(Key::expose),
            key_since: self.key_since,
            refetched_at: self.refetched_at,
            validity: self.validity,
            renewal: self.renewal.as_ref().map(Secret::expose),
            environment: self.environment,
        };
        // Reserved at once: a growing buffer would leave copies behind.
        let secrets = stored.key.map_or(0, str::len) + stored.renewal.map_or(0, str::len);
        let content = Vec::with_capacity(secrets + 256);
        // Fails only for a full sink, and a vector grows.
        let content = Zeroizing::new(postcard::to_extend(&stored, content).unwrap_or_default());
        let sealed = seal.seal(&content, &id.context(), nonce);
        [&id.fingerprint.as_bytes()[..], &sealed].concat()
    }

    /// Decodes the content of the entry's file. Returns `None` if it is damaged, or of another
    /// source.
    #[must_use]
    pub fn decode(bytes: &[u8], id: &EntryId, seal: &dyn Seal) -> Option<Self> {
        let sealed = bytes.strip_prefix(id.fingerprint.as_bytes())?;
        let content = seal.open(sealed, &id.context())?;
        let (stored, rest) = postcard::take_from_bytes::<Stored<'_>>(&content).ok()?;
        if !rest.is_empty() {
            return None;
        }
        Some(Self {
            key: stored.key.map(Key::parse).transpose().ok()?,
            key_since: stored.key_since,
            refetched_at: stored.refetched_at,
            validity: stored.validity,
            renewal: stored.renewal.map(Secret::from),
            environment: stored.environment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SealingKey;

    fn seal() -> SealingKey {
        SealingKey::new(Zeroizing::new([1; SealingKey::LENGTH]))
    }

    const NONCE: Nonce = Nonce([7; 24]);

    fn id() -> EntryId {
        EntryId { source: "vault".to_owned(), fingerprint: Fingerprint::of([&b"a"[..]]) }
    }

    fn entry() -> Entry {
        Entry {
            key: Some(Key::parse("sk-1").unwrap()),
            key_since: Moment::from_unix_millis(1),
            refetched_at: None,
            validity: Validity {
                fetched_at: Moment::from_unix_millis(1),
                expires_at: Some(Moment::from_unix_millis(2)),
                refresh_at: None,
                jitter: 0.25,
            },
            renewal: Some(Secret::from("renewal")),
            environment: EnvironmentMark::new([1; 16], &[], &|_| None),
        }
    }

    #[test]
    fn entry_roundtrips_through_encoding() {
        let refetched_at = Some(Moment::from_unix_millis(3));
        for entry in [
            entry(),
            Entry { key: None, ..entry() },
            Entry { renewal: None, ..entry() },
            Entry { refetched_at, ..entry() },
        ] {
            let bytes = entry.encode(&id(), &seal(), NONCE);
            assert_eq!(Entry::decode(&bytes, &id(), &seal()), Some(entry));
        }
    }

    #[test]
    fn entry_of_another_source_or_settings_does_not_decode() {
        let bytes = entry().encode(&id(), &seal(), NONCE);
        let other = EntryId { source: "other".to_owned(), ..id() };
        assert_eq!(Entry::decode(&bytes, &other, &seal()), None);
        let other = EntryId { fingerprint: Fingerprint::of([&b"b"[..]]), ..id() };
        assert_eq!(Entry::decode(&bytes, &other, &seal()), None);
    }

    #[test]
    fn entry_copied_to_other_settings_does_not_open() {
        // The fingerprint in the clear is changed along with the file's name, but the sealed part
        // still has the old one.
        let bytes = entry().encode(&id(), &seal(), NONCE);
        let other = EntryId { fingerprint: Fingerprint::of([&b"b"[..]]), ..id() };
        let copied = [&other.fingerprint.as_bytes()[..], &bytes[32..]].concat();
        assert_eq!(Entry::decode(&copied, &other, &seal()), None);
    }

    #[test]
    fn entry_associated_data_is_version_fingerprint_and_name() {
        let content = entry().encode(&id(), &seal(), NONCE);
        let content = seal().open(&content[32..], &id().context()).unwrap();
        let (version, fingerprint) = ([ENTRY_VERSION], *id().fingerprint.as_bytes());
        let opens = |context: &[&[u8]]| {
            let sealed = seal().seal(&content, &context.concat(), NONCE);
            let bytes = [&fingerprint[..], &sealed].concat();
            Entry::decode(&bytes, &id(), &seal()).is_some()
        };
        assert!(opens(&[&version, &fingerprint, b"vault"]));
        assert!(!opens(&[&[ENTRY_VERSION + 1], &fingerprint, b"vault"]));
        assert!(!opens(&[&version, b"vault"]));
        assert!(!opens(&[&version, &fingerprint]));
        assert!(!opens(&[&fingerprint, b"vault"]));
    }

    #[test]
    fn selector_variables_make_an_entry_for_each_value() {
        let selectors = ["A".to_owned(), "B".to_owned()];
        let with = |a: &'static str, b: &'static str| {
            id().selected(&selectors, &move |name| Some(if name == "A" { a } else { b }.into()))
        };
        let ids = [id(), with("1", ""), with("2", ""), with("", "1"), with("1", "1")];
        for (index, one) in ids.iter().enumerate() {
            assert!(ids[..index].iter().all(|other| other.stem() != one.stem()), "{one:?}");
        }
        assert_eq!(with("1", ""), with("1", ""));
        // An empty variable counts as not set.
        let unset = id().selected(&selectors, &|name| (name == "A").then(|| "1".into()));
        assert_eq!(unset, with("1", ""));
        assert_eq!(id().selected(&[], &|_| Some("1".into())), id());
    }

    #[test]
    fn entry_file_name_yields_its_source() {
        for source in ["a", "a-b", "a-0123456789ab", "a_-", "v"] {
            let id = EntryId { source: source.to_owned(), ..id() };
            let entry_file = id.entry_file(&seal());
            for name in [
                id.lock_file(),
                id.failure_file(),
                format!("{entry_file}.Xy12z.unreadable"),
                entry_file.replace(&suffix(), ".v1.entry"),
                entry_file,
            ] {
                assert_eq!(EntryId::source_of_file(&name), Some(source), "{name}");
            }
        }
        for name in
            ["refresh.log", "0123.plan", "a.lock", "a-b.entry", "seal.lock", "a-xyz.failure"]
        {
            assert_eq!(EntryId::source_of_file(name), None, "{name}");
        }
    }

    #[test]
    fn entry_file_name_and_content_yield_its_id() {
        let id = EntryId { source: "a-1_b-".to_owned(), ..id() };
        let (name, content) = (id.entry_file(&seal()), entry().encode(&id, &seal(), NONCE));
        assert_eq!(EntryId::of_entry_file(&name, &content), Some(id.clone()));
        assert!(id.has_entry_file(&name));
        let longer = EntryId { source: "a-1_b-c".to_owned(), ..id.clone() };
        assert!(!longer.has_entry_file(&name));
        assert!(!id.has_entry_file(&longer.entry_file(&seal())));
        assert!(!id.has_entry_file(&name.replace(&suffix(), ".v0.entry")));
        // Under the name of other settings.
        let other = EntryId { fingerprint: Fingerprint::of([&b"b"[..]]), ..id };
        assert_eq!(EntryId::of_entry_file(&other.entry_file(&seal()), &content), None);
        for name in ["", "a.v1.entry", "a-b.v1.entry", "a-b-c.v1.entry", "a-b-c.v2.entry"] {
            assert_eq!(EntryId::of_entry_file(name, &content), None, "{name}");
        }
        assert_eq!(EntryId::of_entry_file(&name, &content[..31]), None);
    }

    #[test]
    fn damaged_entry_decodes_to_none() {
        let bytes = entry().encode(&id(), &seal(), NONCE);
        for length in 0..bytes.len() {
            assert_eq!(Entry::decode(&bytes[..length], &id(), &seal()), None);
        }
        assert_eq!(Entry::decode(b"garbage", &id(), &seal()), None);
        // A complete entry with more bytes after it, as a later format might have.
        let content = seal().open(&bytes[32..], &id().context()).unwrap();
        let longer = seal().seal(&[&content[..], b"more"].concat(), &id().context(), NONCE);
        let longer = [id().fingerprint.as_bytes(), &longer[..]].concat();
        assert_eq!(Entry::decode(&longer, &id(), &seal()), None);
    }

    #[test]
    fn entry_debug_shows_no_key_or_refresh_token() {
        let text = format!("{:?}", entry());
        assert!(!text.contains("sk-1") && !text.contains("\"renewal\""), "{text}");
    }
}
