//! Finds out how a profile is. To look changes nothing, and asks nobody.

use std::time::Duration;

use api_key_helper_core::engine::{Source, policy_of_used};
use api_key_helper_core::rejection::refused_until;
use api_key_helper_core::{
    Entry, Error, Failure, Hit, KeyId, Lookup, Moment, PlannedSource, Policy, ReadError, Validity,
    look,
};
use zeroize::Zeroizing;

use super::facts::{FailureStatus, KeyState, NextCallStatus, ProfileStatus, SourceStatus};
use super::outlook::{Found, Refresh, next_call, reason, refresh};
use crate::seal::InUse;
use crate::session::Session;

/// How the session's profile is at `now`.
///
/// # Errors
/// When what is kept cannot be read.
pub(crate) fn gather(session: &Session, now: Moment) -> Result<ProfileStatus, Error> {
    let disk = OnDisk { session, now };
    let by_profile = Terms { policy: session.profile.policy, hold: session.hold() };
    let sources = &session.sources;
    let kept = sources.iter().map(|source| disk.kept(&source.planned));
    let kept = kept.collect::<Result<Vec<Kept>, Error>>()?;
    let found: Vec<Found> = kept.iter().map(|kept| disk.found(kept, &by_profile)).collect();
    let hit = disk.hit();
    let (does, next) = next_call(&found, hit.as_ref(), now);
    let names: Vec<&str> = sources.iter().map(|source| &*source.planned.id.source).collect();
    let reason = reason(&names, &found, next, now);
    let statuses = sources.iter().zip(&kept).enumerate().map(|(index, (source, kept))| {
        let refresh = refresh(index, &found, hit.as_ref(), now);
        disk.status(source, kept, &found[index], &by_profile, refresh)
    });
    let statuses = statuses.collect::<Result<Vec<SourceStatus>, Error>>()?;
    Ok(ProfileStatus {
        profile: session.profile.name.clone(),
        configuration: session.config_paths.iter().map(|path| path.display().to_string()).collect(),
        state_folder: session.folder.path().display().to_string(),
        seal: session.seal.as_ref().ok().map(InUse::status),
        ttl_seconds: session.profile.policy.ttl.as_secs(),
        hold_seconds: session.hold().as_secs(),
        next_call: NextCallStatus { does, source: names[next].to_owned(), reason },
        sources: statuses,
    })
}

/// How keys are judged.
struct Terms {
    policy: Policy,
    hold: Duration,
}

/// What is kept for a profile.
struct OnDisk<'a> {
    session: &'a Session,
    now: Moment,
}

/// What is kept of one source.
struct Kept {
    entry: Option<Entry>,
    is_unreadable: bool,
    failure: Option<Failure>,
}

impl Kept {
    /// None without a key.
    fn validity(&self) -> Option<&Validity> {
        let entry = self.entry.as_ref()?;
        entry.key.as_ref().map(|_| &entry.validity)
    }

    /// None without a key.
    fn key_id(&self, source: &PlannedSource) -> Option<KeyId> {
        let entry = self.entry.as_ref()?;
        entry.key.as_ref().map(|_| entry.key_id(&source.id))
    }
}

impl OnDisk<'_> {
    fn kept(&self, source: &PlannedSource) -> Result<Kept, Error> {
        let PlannedSource { id, variables } = source;
        let variable = |name: &str| self.session.environment.variable(name);
        let entry = self.session.entry(id).map_err(|error| refusal(error, "the entry"))?;
        let failure = self.read(&id.failure_file())?.and_then(|bytes| Failure::decode(&bytes));
        Ok(Kept {
            is_unreadable: matches!(entry, Some(None)),
            entry: entry.flatten().filter(|entry| entry.environment.stands(variables, &variable)),
            failure: failure.filter(|failure| failure.stands(variables, &variable)),
        })
    }

    fn found(&self, kept: &Kept, terms: &Terms) -> Found {
        let judge = |validity| terms.policy.judge(validity, terms.hold, self.now);
        Found { freshness: kept.validity().map(judge), failure: kept.failure.clone() }
    }

    /// The key that front and engine would print at once.
    fn hit(&self) -> Option<Hit> {
        let sources = self.session.sources.iter().map(|source| source.planned.clone());
        let lookup = Lookup {
            sources: &sources.collect::<Vec<_>>(),
            policy: &self.session.profile.policy,
            hold: self.session.hold(),
            now: self.now,
            seal: self.session.seals().0,
            variable: &|name| self.session.environment.variable(name),
        };
        look(&lookup, |file| self.read(file))
    }

    fn status(
        &self,
        source: &Source,
        kept: &Kept,
        found: &Found,
        terms: &Terms,
        refresh: Refresh,
    ) -> Result<SourceStatus, Error> {
        let renewal = kept.entry.as_ref().and_then(|entry| entry.renewal.as_ref());
        let validity = kept.validity();
        let bounds = validity.map(|validity| terms.policy.bounds(validity, terms.hold));
        let uses = source.uses.iter().map(|used| self.status_of_used(used));
        Ok(SourceStatus {
            name: source.planned.id.source.clone(),
            backend: source.backend_name.clone(),
            key: match found.freshness {
                Some(freshness) => freshness.into(),
                None if kept.is_unreadable => KeyState::Unreadable,
                None => KeyState::None,
            },
            fetched_at: validity.map(|validity| validity.fetched_at),
            expires_at: validity.and_then(|validity| validity.expires_at),
            fresh_until: bounds.map(|bounds| bounds.fresh_until),
            due_until: bounds.map(|bounds| bounds.due_until),
            usable_until: bounds.map(|bounds| bounds.stale_until),
            refresh,
            refused_until: kept
                .key_id(&source.planned)
                .and_then(|key| refused_until(&self.session.places, key, self.now)),
            has_renewal: renewal.is_some() && source.backend.renews(),
            sign_in: renewal.and_then(|kept| source.backend.sign_in(kept)).map(Into::into),
            failure: kept.failure.as_ref().map(|failure| {
                let pause_until = found.pause_until(self.now);
                FailureStatus {
                    kind: failure.kind().name(),
                    message: failure.error().message().to_owned(),
                    hint: failure.error().hint().map(str::to_owned),
                    failed_at: Some(failure.failed_at()),
                    count: failure.count(),
                    pauses: pause_until.is_some(),
                    pause_until,
                }
            }),
            uses: uses.collect::<Result<Vec<SourceStatus>, Error>>()?,
        })
    }

    /// The status of a source as those see it that use it.
    fn status_of_used(&self, source: &Source) -> Result<SourceStatus, Error> {
        let kept = self.kept(&source.planned)?;
        let terms = Terms { policy: policy_of_used(), hold: Duration::ZERO };
        let found = self.found(&kept, &terms);
        let refresh = match found.pause_until(self.now) {
            Some(_) => Refresh::AfterPause,
            None => Refresh::WhenUsed,
        };
        self.status(source, &kept, &found, &terms, refresh)
    }

    fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.session.folder.read(file).map_err(|error| refusal(error, &format!("`{file}`")))
    }
}

fn refusal(error: ReadError, what: &str) -> Error {
    match error {
        ReadError::Refused(error) => error,
        ReadError::Io(error) => Error::transient(format!("cannot read {what}: {error}"))
            .with_hint("look at the state folder with `api-key-helper doctor`"),
    }
}
