//! A key that has just arrived: when it expires, and the entry that it makes.

use api_key_helper_backend::document::AwsKeys;
use api_key_helper_backend::text::rfc3339;
use api_key_helper_backend::{Credential, Expiry, jwt};
use api_key_helper_cache::{Entry, EnvironmentMark, Validity};
use api_key_helper_values::{Error, Key, Moment, Secret};

use super::source::Source;
use super::world::World;

/// By how much more the keys of a rush are spread than others.
const SPREAD: f64 = 5.0;

/// A key that has just arrived.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) key: Key,
    pub(super) validity: Validity,
    renewal: Option<Secret>,
    /// When it was asked for, if that was because the API had refused the key before it.
    refetched_at: Option<Moment>,
}

impl Fetched {
    /// Makes one of a credential. `fetched_at` is when it was asked for, so that a lifetime never
    /// counts from later than the issuer does; `is_refetched` says that the API had refused the key
    /// before it.
    ///
    /// # Errors
    /// When it has expired already, or when its expiry is no time or zero.
    pub(super) fn new(
        credential: Credential,
        source: &Source,
        fetched_at: Moment,
        is_refetched: bool,
        world: World<'_>,
    ) -> Result<Self, Error> {
        let Credential { key, expires_at, refresh_at, renewal, .. } = credential;
        let expires_at = expiry(&key, expires_at.map(Moment::from), source, fetched_at, world)?;
        let validity = Validity {
            fetched_at,
            expires_at,
            // One that has passed tells nothing, and would make the key due for ever.
            refresh_at: refresh_at.map(Moment::from).filter(|at| *at > fetched_at),
            jitter: world.chance.unit(),
        };
        let refetched_at = is_refetched.then_some(fetched_at);
        Ok(Self { key, validity, renewal, refetched_at })
    }

    /// The same for a key that came after a failure: many others were refused at that time too, and
    /// have come at once. Its next fetch is not to be at the same time as theirs again.
    pub(super) const fn spread(mut self) -> Self {
        self.validity.jitter *= SPREAD;
        self
    }

    /// The entry that it makes. A renewal that was kept `before` stays, unless there is a new one.
    pub(super) fn into_entry(self, before: Option<Entry>, environment: EnvironmentMark) -> Entry {
        let same = before.as_ref().filter(|entry| entry.key.as_ref() == Some(&self.key));
        let key_since = same.map_or(self.validity.fetched_at, |entry| entry.key_since);
        let (renewal, refetched_at) =
            before.map_or((None, None), |entry| (entry.renewal, entry.refetched_at));
        Entry {
            key: Some(self.key),
            key_since,
            refetched_at: self.refetched_at.or(refetched_at),
            validity: self.validity,
            renewal: self.renewal.or(renewal),
            environment,
        }
    }
}

/// The expiry of a key: the earliest of what the answer says and the key itself. A zero, by which
/// some servers mean that there is none, says nothing if there is another, or a `lifetime`.
fn expiry(
    key: &Key,
    answered: Option<Moment>,
    source: &Source,
    fetched_at: Moment,
    world: World<'_>,
) -> Result<Option<Moment>, Error> {
    let name = &source.planned.id.source;
    let in_key = jwt::expiry(key).map(|expiry| (jwt::EXPIRY, expiry)).or_else(|| {
        let keys = AwsKeys::parse(key)?;
        Some((AwsKeys::EXPIRY, keys.expiry()?))
    });
    let in_key = in_key.map(|(field, expiry)| {
        expiry.point().ok_or_else(|| {
            Error::misconfigured(format!(
                "source `{name}` gave a key whose `{field}` is not a time"
            ))
            .about(name)
            .with_hint(format!("let `{field}` be {}", Expiry::EXAMPLE))
        })
    });
    let named = [answered, in_key.transpose()?].into_iter().flatten();
    let (zeros, named): (Vec<_>, Vec<_>) = named.partition(|end| *end == Moment::EPOCH);
    let lifetime = source.lifetime.map(|lifetime| fetched_at.plus(lifetime));
    let expires_at = named.into_iter().min().or(lifetime);
    match expires_at {
        None if !zeros.is_empty() => Err(lives_for_nothing(name)),
        Some(end) if end <= world.clock.now() => Err(has_ended(name, end, fetched_at)),
        expires_at => Ok(expires_at),
    }
}

fn lives_for_nothing(source: &str) -> Error {
    Error::transient(format!(
        "source `{source}` gave a key that lives for 0 s: its expiry is zero, by which some servers \
         mean that there is none"
    ))
    .about(source)
    .with_hint(format!(
        "if it does not end, or later, set `lifetime` in `[source.{source}]` to how long to use it, \
         such as `lifetime = \"1h\"`"
    ))
}

/// Why a key that ended at `end` is not used. It may have ended since it was asked for, and a lifetime
/// counts from then: no clock is at fault then.
fn has_ended(source: &str, end: Moment, fetched_at: Moment) -> Error {
    if end > fetched_at {
        let life = end.since(fetched_at).as_secs_f64();
        return Error::transient(format!(
            "source `{source}` gave a key that has already ended: it lived for {life:.1} s, and the \
             answer took longer"
        ))
        .about(source)
        .with_hint("let the issuer give keys that live longer");
    }
    let end = rfc3339(end);
    Error::transient(format!("source `{source}` gave a key that has already ended, at {end}"))
        .about(source)
        .with_hint(
            "let it give a new key; if this is a new one, compare this machine's clock with the \
             issuer's",
        )
}
