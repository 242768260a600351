//! Gathers the status of a profile, without changes and without requests.

use std::time::Duration;

use api_key_helper_cache::rejection::refused_until;
use api_key_helper_cache::{
    CachedKey, Demand, Entry, Failure, PlannedSource, Policy, View, decide,
};
use api_key_helper_core::{Source, policy_of_used};
use api_key_helper_system::ReadError;
use api_key_helper_values::{Error, Moment};
use zeroize::Zeroizing;

use super::facts::{
    FailureStatus, KeyState, NextCallStatus, ProfileStatus, Refresh, SourceStatus, pause_until,
};
use crate::seal::InUse;
use crate::session::Session;

/// The status of the session's profile at `now`.
pub(crate) fn gather(session: &Session, now: Moment) -> Result<ProfileStatus, Error> {
    let disk = OnDisk { session, now };
    let by_profile = Terms { policy: session.profile.policy, hold: session.hold() };
    let sources = &session.sources;
    let kept = sources.iter().map(|source| disk.kept(&source.planned));
    let kept = kept.collect::<Result<Vec<CacheState>, Error>>()?;
    let views = sources.iter().zip(&kept);
    let views = views.map(|(source, kept)| disk.view(&source.planned, kept, &by_profile));
    let views: Vec<View> = views.collect();
    let step = decide(views.iter().copied(), Demand::Printable, now);
    let names: Vec<&str> = sources.iter().map(|source| &*source.planned.id.source).collect();
    let statuses = sources.iter().zip(&kept).enumerate().map(|(index, (source, kept))| {
        let refresh = Refresh::new(index, step, &views, now);
        disk.status(source, kept, &views[index], &by_profile, refresh)
    });
    let statuses = statuses.collect::<Result<Vec<SourceStatus>, Error>>()?;
    Ok(ProfileStatus {
        profile: session.profile.name.clone(),
        configuration: session.config_paths.iter().map(|path| path.display().to_string()).collect(),
        state_folder: session.folder.path().display().to_string(),
        seal: session.seal.as_ref().ok().map(InUse::status),
        ttl_seconds: session.profile.policy.ttl.as_secs(),
        hold_seconds: session.hold().as_secs(),
        next_call: NextCallStatus::new(step, &names, &views, now),
        sources: statuses,
    })
}

/// The terms by which keys are judged.
struct Terms {
    policy: Policy,
    hold: Duration,
}

/// The cached files of a profile.
struct OnDisk<'a> {
    session: &'a Session,
    now: Moment,
}

/// The cached state of one source.
struct CacheState {
    entry: Option<Entry>,
    is_unreadable: bool,
    failure: Option<Failure>,
}

impl OnDisk<'_> {
    fn kept(&self, source: &PlannedSource) -> Result<CacheState, Error> {
        let PlannedSource { id, variables } = source;
        let variable = |name: &str| self.session.environment.variable(name);
        let entry = self.session.entry(id).map_err(|error| refusal(error, "the entry"))?;
        let failure = self.read(&id.failure_file())?.and_then(|bytes| Failure::decode(&bytes));
        Ok(CacheState {
            is_unreadable: matches!(entry, Some(None)),
            entry: entry.flatten().filter(|entry| entry.environment.stands(variables, &variable)),
            failure: failure.filter(|failure| failure.stands(variables, &variable)),
        })
    }

    fn view(&self, source: &PlannedSource, kept: &CacheState, terms: &Terms) -> View {
        let Terms { policy, hold } = terms;
        let entry = kept.entry.as_ref();
        View {
            key: entry.and_then(|entry| CachedKey::of(entry, &source.id, policy, *hold, self.now)),
            failure: kept.failure.as_ref().map(Failure::last),
            ..View::default()
        }
    }

    fn status(
        &self,
        source: &Source,
        kept: &CacheState,
        view: &View,
        terms: &Terms,
        refresh: Refresh,
    ) -> Result<SourceStatus, Error> {
        let renewal = kept.entry.as_ref().and_then(|entry| entry.renewal.as_ref());
        let key = view.key.as_ref();
        let bounds = key.map(|key| terms.policy.bounds(&key.validity, terms.hold));
        let uses = source.uses.iter().map(|used| self.status_of_used(used));
        Ok(SourceStatus {
            name: source.planned.id.source.clone(),
            backend: source.backend_name.clone(),
            key: match key {
                Some(key) => key.freshness.into(),
                None if kept.is_unreadable => KeyState::Unreadable,
                None => KeyState::None,
            },
            fetched_at: key.map(|key| key.validity.fetched_at),
            expires_at: key.and_then(|key| key.validity.expires_at),
            fresh_until: bounds.map(|bounds| bounds.fresh_until),
            due_until: bounds.map(|bounds| bounds.due_until),
            usable_until: bounds.map(|bounds| bounds.stale_until),
            refresh,
            refused_until: key
                .and_then(|key| refused_until(&self.session.places, key.key_id, self.now)),
            has_renewal: renewal.is_some() && source.backend.renews(),
            sign_in: renewal.and_then(|kept| source.backend.sign_in(kept)).map(Into::into),
            failure: kept.failure.as_ref().map(|failure| {
                let pause_until = pause_until(view, self.now);
                FailureStatus {
                    kind: failure.kind().name(),
                    message: failure.error().to_string(),
                    hint: failure.error().hint().map(ToString::to_string),
                    failed_at: Some(failure.failed_at()),
                    count: failure.count(),
                    pauses: pause_until.is_some(),
                    pause_until,
                }
            }),
            uses: uses.collect::<Result<Vec<SourceStatus>, Error>>()?,
        })
    }

    /// The status of a source from the view of the sources that use it.
    fn status_of_used(&self, source: &Source) -> Result<SourceStatus, Error> {
        let kept = self.kept(&source.planned)?;
        let terms = Terms { policy: policy_of_used(), hold: Duration::ZERO };
        let view = self.view(&source.planned, &kept, &terms);
        let refresh = match pause_until(&view, self.now) {
            Some(_) => Refresh::AfterPause,
            None => Refresh::WhenUsed,
        };
        self.status(source, &kept, &view, &terms, refresh)
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
