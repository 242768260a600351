//! The front: prints a key that may be printed, or becomes the worker.
//!
//! It runs whenever a client wants a key. So it parses no configuration, starts no threads and uses
//! no network; everything but a plain hit is left to the worker.
//!
//! A program becomes the front by linking this crate. On Unix the crate has the `main` that the C
//! library calls, and so the program has none:
//!
//! ```ignore
//! #![cfg_attr(unix, no_main)]
//!
//! #[cfg(unix)]
//! use api_key_helper_front as _;
//!
//! #[cfg(not(unix))]
//! fn main() -> std::process::ExitCode {
//!     api_key_helper_front::run()
//! }
//! ```

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

use api_key_helper_cache::rejection::{Channel, HelperCall, Verdict, Watch};
use api_key_helper_cache::{
    Hit, KeyFile, Lookup, Plan, PlanInputs, SourcePlan, decides, keys_at_hand, look,
};
use api_key_helper_system::trust::Trail;
use api_key_helper_system::{Places, ReadError, StateFolder, close_memory, expect_short_life};
use api_key_helper_values::{Error, Moment, exit_code};

use crate::request::{Request, linked_profile};

/// Answers the call of this process.
#[cfg(any(not(unix), test))]
#[must_use]
pub fn run() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    ExitCode::from(answer(&program, &arguments.collect::<Vec<_>>()))
}

/// Answers a call of the program by this name, with these arguments; returns the exit code.
fn answer(program: &OsStr, arguments: &[OsString]) -> u8 {
    let asked_at = now().into();
    expect_short_life();
    close_memory();
    let linked = linked_profile(program);
    let request = Request::parse(linked, arguments);
    let outcome = match request.and_then(|request| Some((request, find(&request, asked_at)?))) {
        Some((request, answer)) => print(program, answer, &request),
        None => Err(worker::become_it(program, arguments, linked, asked_at)),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            // If stderr is closed, the error cannot be shown.
            let _ = io::stderr().write_all(error.report().as_bytes());
            exit_code(&error, arguments)
        }
    }
}

/// A key that may be printed.
struct Answer {
    hit: Hit,
    /// The source to refresh in the background.
    refresh: Option<SourcePlan>,
    folder: StateFolder,
    /// Present if the client is watched for refused keys.
    watch: Option<Watch>,
}

/// Returns a key that may be printed. On any failure it returns `None`: the worker fails as well,
/// and reports it in detail.
fn find(request: &Request<'_>, asked_at: Moment) -> Option<Answer> {
    let places = Places::find(request.config, &variable).ok()?;
    let mut trail = Trail::new();
    let [system, user] =
        [&places.system_config, &places.user_config].map(|file| trail.read(file, CONFIG_LIMIT));
    let files =
        [(&places.system_config, present(&system)?), (&places.user_config, present(&user)?)];
    let inputs = PlanInputs {
        profile: request.profile,
        files: files.map(|(path, bytes)| bytes.map(|bytes| (path.as_path(), bytes))),
        variables: &deciding_variables(),
    };
    let inputs = inputs.fingerprint();
    let plan_file = Plan::file(&inputs);
    let folder = StateFolder::new(places.state.clone());
    folder.check(&mut trail).ok()?;
    let plan = Plan::decode(&folder.read_in_use(&plan_file, asked_at).ok()??)?;
    if plan.inputs != inputs {
        return None;
    }
    let keys = keys_at_hand(plan.seal, &KeyFile::new(places.keys.clone()), &mut trail)?;
    // Only sources that are looked at hash their environment, so a hit does not slow down with
    // their number.
    let planned = |source: &SourcePlan| source.clone().within(&variable);
    let lookup = Lookup {
        policy: &plan.policy,
        hold: plan.hold.of_caller(variable),
        now: asked_at,
        seal: &keys.current,
        variable: &variable,
    };
    let hit = look::<_, ReadError>(plan.sources.iter().map(planned), &lookup, |file| {
        folder.read_in_use(file, asked_at)
    })?;
    let watch = plan.watches_rejection.then(|| {
        Watch::begin(&HelperCall {
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
    let refresh = hit.refresh.map(|source| plan.sources[source].clone());
    Some(Answer { hit, refresh, folder, watch })
}

/// The size limit of a configuration file, in bytes, the same as the worker's.
const CONFIG_LIMIT: u64 = 1 << 20;

/// Returns the bytes of a configuration file. A missing file counts as empty; an unreadable one
/// does not.
fn present(file: &Result<Vec<u8>, ReadError>) -> Option<Option<&[u8]>> {
    match file {
        Ok(bytes) => Some(Some(bytes)),
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Some(None),
        Err(_) => None,
    }
}

fn print(program: &OsStr, answer: Answer, request: &Request<'_>) -> Result<(), Error> {
    api_key_helper_system::print(answer.hit.key.expose()).map_err(|error| {
        Error::transient(format!("cannot write the key to stdout: {error}"))
            .with_hint("check the file or program that stdout is redirected to")
    })?;
    if let Some(watch) = answer.watch {
        watch.answered(Verdict::Print, answer.hit.key_id, now().into());
    }
    if let Some(source) = answer.refresh {
        let lock = source.within(&variable).id.lock_file();
        if !answer.folder.is_locked(&lock) {
            // The caller has its key; an error shows up once the key is no longer due.
            let _ = worker::refresh_behind(program, request);
        }
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
