//! Handles a key that the API refused, in `get`.

use api_key_helper_cache::rejection::{HelperCall, Verdict, Watch};
use api_key_helper_cache::{Demand, KeyId, Plan};
use api_key_helper_core::OnDisk;
use api_key_helper_formats::Ask;
use api_key_helper_values::{Error, ErrorKind, Hint, Moment};

use crate::session::{Session, now};

/// The verdict on a call of a client that is watched.
pub(crate) struct Judgement {
    watch: Watch,
    verdict: Verdict,
    /// The keys that are accepted, if not every printable one.
    pub(crate) demand: Option<Demand>,
}

/// Judges a request that began at `asked_at`. Returns `None` if the client is not watched, and
/// `Rejected` if the key was refused and no other key is available.
pub(crate) async fn judge(
    session: &Session,
    ask: &Ask,
    asked_at: Moment,
) -> Result<Option<Judgement>, Error> {
    let Some(watch) = watch(session, ask, asked_at) else { return Ok(None) };
    let Some(OnDisk { key_id, expires_at, source, .. }) = session.on_disk().await? else {
        return Ok(Some(Judgement { watch, verdict: Verdict::Print, demand: None }));
    };
    let verdict = watch.judge(key_id, expires_at, &|name| session.environment.variable(name));
    let demand = match verdict {
        Verdict::Print => None,
        Verdict::FetchAnother => Some(Demand::Another(key_id)),
        Verdict::Refuse { .. } if !ask.is_told() => None,
        Verdict::Refuse { is_new } => {
            if is_new {
                watch.refused(key_id, now(&session.clock));
            }
            return Err(rejected(&source));
        }
    };
    Ok(Some(Judgement { watch, verdict, demand }))
}

/// Records that the client reported this key as refused.
pub(crate) fn report(session: &Session, ask: &Ask, key: KeyId) {
    let at = now(&session.clock);
    if let Some(watch) = watch(session, ask, at) {
        watch.reported(key, at);
    }
}

fn watch(session: &Session, ask: &Ask, asked_at: Moment) -> Option<Watch> {
    if !session.watches_rejection() {
        return None;
    }
    let details = ask.details();
    let details: Vec<&[u8]> = details.iter().map(String::as_bytes).collect();
    Watch::begin(&HelperCall {
        at: asked_at,
        plan_file: &Plan::file(&session.plan_inputs),
        details: &details,
        channel: ask.channel(&session.profile.hold)?,
        places: &session.places,
        variable: &|name| session.environment.variable(name),
    })
}

impl Judgement {
    /// Records that the call was answered with this key at `now`.
    pub(crate) fn answered(self, key: KeyId, now: Moment) {
        self.watch.answered(self.verdict, key, now);
    }
}

/// The same text serves every backend: only the source's own server can issue a valid key.
fn rejected(source: &str) -> Error {
    Error::new(
        ErrorKind::Rejected,
        format!(
            "the API refuses the key of source `{source}`, and asking the source again did not help"
        ),
    )
    .about(source)
    .with_hint(
        Hint::new("see that the source gives a key that the API accepts, then run")
            .with_command(["get", "--refresh"]),
    )
}
