//! The front: prints a key that may be printed, or becomes the worker.
//!
//! It runs each time a client wants its key, so it does nothing but that: it parses no
//! configuration, keeps no threads and knows no network. What is not a plain hit is the worker's.

#![cfg_attr(all(unix, not(test)), no_main)]

#[path = "../own_failure.rs"]
mod own_failure;
mod request;
#[cfg(all(unix, not(test)))]
mod start;
mod worker;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
#[cfg(any(not(unix), test))]
use std::process::ExitCode;
use std::time::SystemTime;

use api_key_helper_core::rejection::{Asked, Channel, Verdict, Watch};
use api_key_helper_core::{
    Error, Hit, KeyFile, Lookup, Moment, Places, Plan, PlanInputs, ReadError, StateFolder,
    close_memory, decides, keys_at_hand, look, read_file,
};

use crate::request::{Request, linked_profile};

#[cfg(any(not(unix), test))]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    ExitCode::from(run(&program, &arguments.collect::<Vec<_>>()))
}

/// Answers a call of the program by this name, with these arguments; returns the exit code.
fn run(program: &OsStr, arguments: &[OsString]) -> u8 {
    let asked_at = now().into();
    close_memory();
    let linked = linked_profile(program);
    let request = Request::parse(linked, arguments);
    let outcome = match request.and_then(|request| Some((request, find(&request, asked_at)?))) {
        Some((request, found)) => print(found, &request),
        None => Err(worker::become_it(arguments, linked, asked_at)),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            // Where stderr is closed there is nobody to tell.
            let _ = io::stderr().write_all(error.report().as_bytes());
            own_failure::exit_code(&error, arguments)
        }
    }
}

/// A key, and whether somebody should ask for the next one.
struct Found {
    hit: Hit,
    is_refreshed: bool,
    /// Of a client that is watched for keys that the API refuses.
    watch: Option<Watch>,
}

/// The key that may be printed. `None` is no error: whatever it is, the worker finds it too, and
/// says it better.
fn find(request: &Request<'_>, asked_at: Moment) -> Option<Found> {
    let places = Places::find(request.config, &variable).ok()?;
    let [system, user] =
        [&places.system_config, &places.user_config].map(|file| read_file(file, CONFIG_LIMIT));
    let files =
        [(&places.system_config, present(&system)?), (&places.user_config, present(&user)?)];
    let inputs = PlanInputs {
        profile: request.profile,
        files: files.map(|(path, bytes)| bytes.map(|bytes| (path.as_path(), bytes))),
        variables: &deciding_variables(),
    };
    let plan_file = inputs.file();
    let folder = StateFolder::new(places.state.clone());
    let plan = Plan::decode(&folder.read(&plan_file).ok()??)?;
    let keys = keys_at_hand(plan.seal, &KeyFile::new(places.keys.clone()))?;
    let lookup = Lookup {
        sources: &plan.sources,
        policy: &plan.policy,
        hold: plan.hold.of_caller(|name| variable(name).is_some()),
        now: asked_at,
        seal: &keys.current,
        variable: &variable,
    };
    let hit = look::<_, ReadError>(&lookup, |file| folder.read(file))?;
    let watch = plan.watches_rejection.then(|| {
        Watch::begin(&Asked {
            at: asked_at,
            plan_file: &plan_file,
            details: &[],
            channel: Channel::ClaudeCode { hold: plan.hold.of_claude_code() },
            places: &places,
            variable: &variable,
        })
    });
    let watch = watch.flatten();
    let judged =
        watch.as_ref().map(|watch| watch.judge(hit.key_id, hit.validity.expires_at, &variable));
    if judged.is_some_and(|verdict| verdict != Verdict::Print) {
        return None;
    }
    let refreshed = hit.refresh.map(|source| plan.sources[source].id.lock_file());
    let is_refreshed = refreshed.is_none_or(|lock| folder.is_locked(&lock));
    Some(Found { hit, is_refreshed, watch })
}

/// As much of a configuration file as the worker reads, in bytes.
const CONFIG_LIMIT: u64 = 1 << 20;

/// A configuration file's bytes; an absent file is as good as an empty one, an unreadable one not.
fn present(file: &io::Result<Vec<u8>>) -> Option<Option<&[u8]>> {
    match file {
        Ok(bytes) => Some(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(None),
        Err(_) => None,
    }
}

fn print(found: Found, request: &Request<'_>) -> Result<(), Error> {
    api_key_helper_core::print(found.hit.key.expose()).map_err(|error| {
        Error::transient(format!("cannot write the key to stdout: {error}"))
            .with_hint("look at what the output was redirected to")
    })?;
    if let Some(watch) = found.watch {
        watch.answered(Verdict::Print, found.hit.key_id, now().into());
    }
    if !found.is_refreshed {
        // The caller has its key: whatever goes wrong now shows when the key is no longer due.
        let _ = worker::refresh_behind(request);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the one place where the front reads a variable")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the front lists variables")]
fn deciding_variables() -> BTreeMap<OsString, OsString> {
    std::env::vars_os().filter(|(name, _)| decides(name)).collect()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the front asks for the time")]
fn now() -> SystemTime {
    SystemTime::now()
}
