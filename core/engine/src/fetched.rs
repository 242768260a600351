//! A fetched key: its expiry, and the entry made from it.

use api_key_helper_backend::document::AwsKeys;
use api_key_helper_backend::text::rfc3339;
use api_key_helper_backend::{Credential, Expiry, jwt};
use api_key_helper_cache::{Entry, EnvironmentMark, Validity};
use api_key_helper_values::{Error, Key, Moment, Secret};

use super::source::Source;
use super::world::World;

/// The factor by which jitter is larger for keys fetched after a failure.
const SPREAD: f64 = 5.0;

#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) key: Key,
    pub(super) validity: Validity,
    renewal: Option<Secret>,
    /// The time of the request, if the API had refused the previous key.
    refetched_at: Option<Moment>,
}

impl Fetched {
    /// Checks a credential. `fetched_at` is the time of the request, so that a lifetime never
    /// starts later than at the issuer. `is_refetched` means that the API had refused the previous
    /// key.
    ///
    /// Fails if the key has expired, or if its expiry is zero or not a time.
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
            // A moment in the past is ignored: it would keep the key due for ever.
            refresh_at: refresh_at.map(Moment::from).filter(|at| *at > fetched_at),
            jitter: world.chance.unit(),
        };
        let refetched_at = is_refetched.then_some(fetched_at);
        Ok(Self { key, validity, renewal, refetched_at })
    }

    /// Increases the jitter of a key fetched after a failure. Many other clients failed at the same
    /// time and fetched together; their next fetches should be apart.
    pub(super) const fn spread(mut self) -> Self {
        self.validity.jitter *= SPREAD;
        self
    }

    /// Makes the entry. The renewal of the entry `before` is kept unless there is a new one.
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

/// The key's expiry: the earlier one of the answer's and the key's own. Some servers send zero for
/// "no expiry", so zero is ignored if there is another expiry or a `lifetime`.
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

/// The error for a key that expired at `end`. A lifetime counts from the request, so a key with a
/// short one may expire before it arrives, without any clock being wrong.
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
