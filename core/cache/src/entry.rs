//! A credential as it is cached.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    EnvironmentMark, Fingerprint, Key, Moment, Nonce, Seal, Secret, UNREADABLE_SUFFIX, Validity,
};

/// The version of the format. It is part of the file's name too, so that versions that live side by
/// side never overwrite one another's entries.
pub const ENTRY_VERSION: u8 = 2;

/// A source's credential as it is cached.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; none once it was dropped and only the renewal is left.
    pub key: Option<Key>,
    /// When the source first gave this very key: a fetch that brings it again leaves this.
    pub key_since: Moment,
    /// When the source was last asked because the API refused its key.
    pub refetched_at: Option<Moment>,
    /// What is known of the key's time.
    pub validity: Validity,
    /// What makes the next fetch possible without a human.
    pub renewal: Option<Secret>,
    /// The environment that the key was fetched in.
    pub environment: EnvironmentMark,
}

/// Which source an entry belongs to, with which settings, and in which environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryId {
    /// The source's name.
    pub source: String,
    /// The hash of its settings, and of the variables that say whose key it is.
    pub fingerprint: Fingerprint,
}

impl EntryId {
    /// The entry of these settings in an environment, which the variables `selectors` tell from
    /// others. Without any it is the same, at no cost. An empty value is as good as none: so
    /// backends read it.
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

    /// The source whose file `name` is, by that name: an entry of whatever version, settings and
    /// key, one that was set aside, a lock or a failure.
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

    /// Whose entry the file `name` is, by its name and the `content` that it has. What is sealed in
    /// it proves that; before it is opened, this is only what somebody says.
    #[must_use]
    pub fn of_entry_file(name: &str, content: &[u8]) -> Option<Self> {
        let (stem, _) = name.strip_suffix(&suffix())?.rsplit_once('-')?;
        let (source, _) = stem.rsplit_once('-')?;
        let (fingerprint, _) = content.split_first_chunk()?;
        let id = Self { source: source.to_owned(), fingerprint: Fingerprint::from(*fingerprint) };
        (id.stem() == stem).then_some(id)
    }

    /// Whether the file `name` is an entry of this source with these settings, whatever key seals
    /// it.
    #[must_use]
    pub fn has_entry_file(&self, name: &str) -> bool {
        let label = name.strip_prefix(&self.stem()).and_then(|rest| rest.strip_prefix('-'));
        label
            .and_then(|rest| rest.strip_suffix(&suffix()))
            .is_some_and(|label| !label.contains('-'))
    }

    /// The name of the lock that whoever refreshes the entry holds. Hosts that seal with different
    /// keys share it.
    #[must_use]
    pub fn lock_file(&self) -> String {
        self.stem() + ".lock"
    }

    /// The name of the file that remembers the source's last failure.
    #[must_use]
    pub fn failure_file(&self) -> String {
        self.stem() + ".failure"
    }

    /// How the names of all its files begin.
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

/// The number of bytes of its fingerprint in a file's name.
const NAMED_BYTES: usize = 6;

/// How the names of all entries of this version end.
fn suffix() -> String {
    format!(".v{ENTRY_VERSION}.entry")
}

/// How an entry is written. It borrows, so that secrets are not copied on the way.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    key: Option<&'a str>,
    key_since: Moment,
    refetched_at: Option<Moment>,
    validity: Validity,
    renewal: Option<&'a str>,
    environment: EnvironmentMark,
}

/// Which of a source's keys it is. Nothing in it comes from the key itself: whoever reads it learns
/// when there was a new one, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyId {
    /// The source's settings, its name included.
    pub source: Fingerprint,
    /// When the source first gave this very key.
    pub since: Moment,
}

impl Entry {
    /// Which key it holds, as the entry of `id`.
    #[must_use]
    pub const fn key_id(&self, id: &EntryId) -> KeyId {
        KeyId { source: id.fingerprint, since: self.key_since }
    }

    /// The content of the entry's file: the fingerprint, so that whoever seals all entries anew
    /// knows what they belong to, and what is sealed.
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
        // With room enough from the start, no half-written copy is left behind by growing.
        let secrets = stored.key.map_or(0, str::len) + stored.renewal.map_or(0, str::len);
        let content = Vec::with_capacity(secrets + 256);
        // Only a sink that is full can fail, and a vector never is.
        let content = Zeroizing::new(postcard::to_extend(&stored, content).unwrap_or_default());
        let sealed = seal.seal(&content, &id.context(), nonce);
        [&id.fingerprint.as_bytes()[..], &sealed].concat()
    }

    /// Reads the content of the entry's file. `None` where it is damaged, or not of this source.
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
        // The fingerprint in the clear is changed with the file's name; what is sealed says
        // otherwise.
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
        // What is empty is not set.
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
        // A whole one with something behind it, as a later format might have.
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
