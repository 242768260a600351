//! The virtual processes: they do the work of the front and of the worker's commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api_key_helper_backend::{DeviceCode, Prompt, SignInPage};
use api_key_helper_cache::{Demand, Lookup, PlannedSource, decide, look};
use api_key_helper_core::{
    Call, Clock as _, Disk as _, Source, forget, forget_key, get, login, logout,
};
use async_trait::async_trait;

use crate::backend::Way;
use crate::invariants::How;
use crate::issuer::Kind;
use crate::process::Process;
use crate::profile::{Profile, Settings, Slot, Terms};
use crate::seal::Checked;
use crate::universe::Job;

/// Runs the process to its end.
pub(crate) async fn run(process: Process, job: Job) {
    let Some(profile) = process.with_status(|status| status.profile.clone()) else { return };
    match job {
        Job::Front => front(&process, &profile).await,
        Job::Refresh => {
            let now = process.now();
            worker(&process, &profile, Demand::FetchedSince(now)).await;
        }
        Job::Another => {
            // The API refuses the key that was printed last.
            let refused = process.see().ledger.last_printed;
            let demand = refused.map_or(Demand::Printable, Demand::Another);
            worker(&process, &profile, demand).await;
        }
        Job::Behind => worker(&process, &profile, Demand::Fresh).await,
        Job::Login(slot) => sign_in(&process, &profile, slot).await,
        Job::Logout(slot) => sign_out(&process, &profile, slot).await,
    }
}

/// Runs the front: it reads the clock, then the files, and takes no lock.
async fn front(process: &Process, profile: &Profile) {
    let planned: Vec<PlannedSource> =
        profile.sources.iter().map(|settings| settings.planned.clone()).collect();
    let now = process.now();
    let mut files = BTreeMap::new();
    for source in &planned {
        for file in [source.id.entry_file(&Checked), source.id.failure_file()] {
            let content = process.read(&file).await;
            files.insert(file, content);
        }
    }
    let lookup = Lookup {
        policy: &profile.policy,
        hold: profile.hold,
        now,
        seal: &Checked,
        variable: &|name| process.variable(name),
    };
    let hit = look(planned.iter().cloned(), &lookup, |file| match files.get(file) {
        Some(Ok(content)) => Ok(content.as_deref()),
        _ => Err(()),
    });
    // The front reads only the files that it needs. With all files, the rule must decide the same.
    if files.values().all(Result::is_ok) {
        let terms = Terms { policy: &profile.policy, hold: profile.hold, now };
        let read = |file: &str| files.get(file)?.as_ref().ok()?.as_deref();
        let views = profile.sources.iter();
        let views = views.map(|settings| settings.view(&terms, process.environment, read));
        let step = decide(views, Demand::Printable, now);
        process.see().fronts(process.pid, step, hit.as_ref());
    }
    let Some(hit) = hit else {
        worker(process, profile, Demand::Printable).await;
        return;
    };
    let mut universe = process.see();
    universe.prints(process.pid, &hit.key, hit.key_id, How::Cached);
    universe.last_end = Some(Ok(()));
    let refreshed = hit.refresh.map(|source| planned[source].id.lock_file());
    if refreshed.is_some_and(|lock| !universe.disk.is_locked(&lock)) {
        universe.starting.push((Job::Behind, process.environment));
    }
}

async fn worker(process: &Process, profile: &Profile, demand: Demand) {
    let sources: Vec<Source> =
        profile.sources.iter().map(|settings| source(process, profile, settings)).collect();
    let call = Call {
        profile: "work",
        policy: &profile.policy,
        hold: profile.hold,
        deadline: profile.deadline,
        demand,
        chain: "",
    };
    process.see().calls(process.pid, &call);
    let began = began(process);
    let variable = |name: &str| process.variable(name);
    let outcome = get(process.world(&variable), &sources, &call).await;
    let mut universe = process.see();
    universe.ends(process.pid, &call, &outcome, began);
    if outcome.answer.is_ok_and(|answer| answer.refresh) {
        universe.starting.push((Job::Behind, process.environment));
    }
}

async fn sign_in(process: &Process, profile: &Profile, slot: Slot) {
    let Some(settings) = profile.settings(slot) else { return };
    let source = source(process, profile, settings);
    process.see().begins(Job::Login(slot));
    let variable = |name: &str| process.variable(name);
    let outcome = login(process.world(&variable), &source, "work", &NoPrompt).await;
    process.see().tell(&process.pid.to_string(), format_args!("login: {outcome:?}"));
    if outcome.is_ok() {
        forget_dependents(process, profile, slot).await;
    }
    process.see().last_end = Some(outcome.map(drop).map_err(|error| error.kind()));
}

async fn sign_out(process: &Process, profile: &Profile, slot: Slot) {
    let Some(settings) = profile.settings(slot) else { return };
    let source = source(process, profile, settings);
    process.see().begins(Job::Logout(slot));
    let (began, waited) = began(process);
    let variable = |name: &str| process.variable(name);
    let outcome = logout(process.world(&variable), &source, "work").await;
    {
        let mut universe = process.see();
        universe.tell(&process.pid.to_string(), format_args!("logout: {outcome:?}"));
        if outcome.is_ok() {
            universe.signed_out(process.pid, slot);
        }
        universe.took(process.pid, began, waited);
    }
    if outcome.is_ok() {
        forget_dependents(process, profile, slot).await;
    }
}

/// Forgets the keys of the sources that use `slot`, as the worker does after a login or logout.
async fn forget_dependents(process: &Process, profile: &Profile, slot: Slot) {
    let variable = |name: &str| process.variable(name);
    for Settings { slot, planned, .. } in profile.dependents_of(slot) {
        // A source with a login keeps its renewal.
        let kind = process.see().issuers[slot.issuer].kind;
        let world = process.world(&variable);
        let forgotten = match kind {
            Kind::Rotating { .. } => forget_key(world, &planned.id).await,
            _ => forget(world, &planned.id).await,
        };
        let mut universe = process.see();
        universe.tell(&process.pid.to_string(), format_args!("forgets {slot:?}: {forgotten:?}"));
        if forgotten.is_ok() {
            universe.forgot(process.pid, *slot);
        }
    }
}

/// Returns the start of a call, and the time that the process has waited for the disk before.
fn began(process: &Process) -> (Duration, Duration) {
    let waited = process.with_status(|status| status.disk_time).unwrap_or_default();
    (process.uptime(), waited)
}

fn source(process: &Process, profile: &Profile, settings: &Settings) -> Source {
    let used = settings.uses.and_then(|slot| profile.settings(slot));
    Source {
        planned: settings.planned.clone(),
        backend_name: "virtual".to_owned(),
        backend: Arc::new(Way {
            process: process.clone(),
            slot: settings.slot,
            uses: used.map(|used| (used.slot, used.planned.id.source.clone())),
        }),
        timeout: settings.timeout,
        retries: settings.retries,
        lifetime: settings.lifetime,
        uses: used.map(|used| Arc::new(source(process, profile, used))).into_iter().collect(),
    }
}

struct NoPrompt;

#[async_trait]
impl Prompt for NoPrompt {
    async fn show(&self, _: &DeviceCode<'_>) {}

    async fn browse(&self, _: &SignInPage<'_>) {}
}
