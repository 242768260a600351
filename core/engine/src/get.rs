//! One call: decides, acts, and decides again with the result.

use std::collections::BTreeMap;
use std::slice;

use api_key_helper_cache::{Demand, Hit, Lookup, PlannedSource, Step, decide, look};
use api_key_helper_system::ReadError;
use api_key_helper_values::Error;
use async_trait::async_trait;

use super::cache;
use super::call::{Answer, Call, OnDisk, Outcome};
use super::known::Known;
use super::refresh::Refresh;
use super::remembered::Remembered;
use super::resolver::InnerKeys;
use super::source::Source;
use super::world::World;

/// Answers `call` from `sources`, in order of preference.
pub async fn get(world: World<'_>, sources: &[Source], call: &Call<'_>) -> Outcome {
    let mut warnings = Vec::new();
    let answer = if call.demand == Demand::Printable {
        at_once(world, sources, call).await.transpose()
    } else {
        None
    };
    let answer = match answer {
        Some(answer) => answer,
        None => ask(world, sources, call, &Remembered::default(), &mut warnings).await,
    };
    Outcome { answer, warnings }
}

/// Answers `call` after a miss. Nothing is known about a source before its turn: then its state on
/// disk is read under its lock.
async fn ask(
    world: World<'_>,
    sources: &[Source],
    call: &Call<'_>,
    remembered: &Remembered,
    warnings: &mut Vec<String>,
) -> Result<Answer, Error> {
    let ends_at = world.clock.uptime().saturating_add(call.deadline);
    let mut known: Vec<Known> = sources.iter().map(|_| Known::default()).collect();
    let mut current: Option<(usize, Refresh<'_>)> = None;
    let mut now = world.clock.now();
    loop {
        let views = sources.iter().zip(&known).map(|(source, known)| known.view(source, call, now));
        let (source, answer) = match decide(views, call.demand, now) {
            Step::Print { source, then_refresh } => {
                (source, known[source].answer(&sources[source], then_refresh.is_some()))
            }
            Step::FallBack { source } => {
                warnings.extend(known[source].warning(&sources[source], call, now));
                (source, known[source].answer(&sources[source], false))
            }
            Step::Fail { source } => (source, None),
            Step::Fetch { source } => {
                let mut refresh = match current.take() {
                    Some((of, refresh)) if of == source => refresh,
                    _ => {
                        let time_left = ends_at.saturating_sub(world.clock.uptime());
                        let left = u32::try_from(sources.len() - source).unwrap_or(u32::MAX);
                        let time = time_left / left;
                        let source = &sources[source];
                        Refresh::new(world, source, call, remembered, time, &InnerCalls)
                            .followed_by(left - 1)
                    }
                };
                now = refresh.advance(&mut known[source], warnings).await;
                current = Some((source, refresh));
                continue;
            }
        };
        let error = || known.get(source).and_then(Known::error);
        return answer.ok_or_else(|| error().unwrap_or_else(|| no_source(call.profile)));
    }
}

/// Gets the keys of inner sources like any other key.
pub(super) struct InnerCalls;

#[async_trait]
impl InnerKeys for InnerCalls {
    async fn obtain(
        &self,
        world: World<'_>,
        source: &Source,
        call: &Call<'_>,
        remembered: &Remembered,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Error> {
        ask(world, slice::from_ref(source), call, remembered, warnings).await
    }
}

fn no_source(profile: &str) -> Error {
    Error::misconfigured(format!("profile `{profile}` has no source"))
        .with_hint("name at least one in its `sources`")
}

/// Answers a call that accepts any printable key from the disk. Returns `None` on a miss.
pub async fn at_once(
    world: World<'_>,
    sources: &[Source],
    call: &Call<'_>,
) -> Result<Option<Answer>, Error> {
    let Some(Hit { key, key_id, validity, source, refresh }) = hit(world, sources, call).await?
    else {
        return Ok(None);
    };
    let id = &sources[source].planned.id;
    world.disk.note_use(&id.entry_file(world.seal), world.clock.now()).await;
    let (source, refresh) = (id.source.clone(), refresh.is_some());
    Ok(Some(Answer { key, key_id, source, validity, is_new: false, refresh }))
}

/// The key that `call` would get from the disk, or else the cached key of the first source, of any
/// age.
pub async fn on_disk(
    world: World<'_>,
    sources: &[Source],
    call: &Call<'_>,
) -> Result<Option<OnDisk>, Error> {
    if let Some(Hit { key, key_id, validity, source, .. }) = hit(world, sources, call).await? {
        let source = sources[source].planned.id.source.clone();
        return Ok(Some(OnDisk { key, key_id, expires_at: validity.expires_at, source }));
    }
    let Some(source) = sources.first() else { return Ok(None) };
    let id = &source.planned.id;
    // Unreadable files are reported when the source is asked.
    let entry = cache::load(&world, source, &mut Vec::new()).await?.entry;
    Ok(entry.and_then(|entry| {
        let (key_id, expires_at) = (entry.key_id(id), entry.validity.expires_at);
        Some(OnDisk { key: entry.key?, key_id, expires_at, source: id.source.clone() })
    }))
}

/// Looks for a printable key on disk.
async fn hit(world: World<'_>, sources: &[Source], call: &Call<'_>) -> Result<Option<Hit>, Error> {
    let planned: Vec<PlannedSource> = sources.iter().map(|source| source.planned.clone()).collect();
    let mut files = BTreeMap::new();
    for source in &planned {
        for file in [source.id.entry_file(world.seal), source.id.failure_file()] {
            // An unreadable file is a miss here. The refresh reports it.
            match world.disk.read(&file).await {
                Ok(content) => files.insert(file, content),
                Err(ReadError::Refused(error)) => return Err(error),
                Err(ReadError::Io(_)) => return Ok(None),
            };
        }
    }
    let lookup = Lookup {
        policy: call.policy,
        hold: call.hold,
        now: world.clock.now(),
        seal: world.seal,
        variable: &world.variable,
    };
    Ok(look(planned, &lookup, |file| {
        Ok::<_, ReadError>(files.get(file).and_then(|content| content.as_deref()))
    }))
}
