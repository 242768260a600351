//! `status`: the profile's sources, their keys' age, and what failed last.

use std::fmt::Write as _;
use std::time::Duration;

use api_key_helper_core::engine::Source;
use api_key_helper_core::{Error, Failure, Freshness, Moment, ReadError, SignIn, StateFolder};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::cli::{Call, Status};
use crate::environment::Environment;
use crate::journal::rfc3339;
use crate::report::{Reporter, print};
use crate::seal::{InUse, SealStatus};
use crate::session::{Session, now};
use crate::terminal::printable;
use crate::written::{relative, written};

/// What `--json` prints. Moments are RFC 3339, durations whole seconds.
#[derive(Debug, Serialize)]
struct ProfileStatus {
    profile: String,
    configuration: Vec<String>,
    state_folder: String,
    seal: Option<SealStatus>,
    ttl_seconds: u64,
    hold_seconds: u64,
    sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
struct SourceStatus {
    name: String,
    backend: String,
    /// `fresh`, `due`, `stale`, `expired`, `none` or `unreadable`.
    key: &'static str,
    #[serde(serialize_with = "moment")]
    fetched_at: Option<Moment>,
    /// The issuer's end.
    #[serde(serialize_with = "moment")]
    expires_at: Option<Moment>,
    /// Until when it is fresh.
    #[serde(serialize_with = "moment")]
    fresh_until: Option<Moment>,
    /// Until when it is printed if the source is down.
    #[serde(serialize_with = "moment")]
    usable_until: Option<Moment>,
    has_renewal: bool,
    sign_in: Option<SignInStatus>,
    failure: Option<FailureStatus>,
}

#[derive(Debug, Serialize)]
struct SignInStatus {
    account: Option<String>,
    /// When a human is needed again, if that is known.
    #[serde(serialize_with = "moment")]
    expires_at: Option<Moment>,
    scopes: Vec<String>,
    /// Asked for and not granted.
    missing_scopes: Vec<String>,
}

impl From<SignIn> for SignInStatus {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { account, expires_at, scopes, missing_scopes } = sign_in;
        Self { account, expires_at: expires_at.map(Moment::from), scopes, missing_scopes }
    }
}

#[derive(Debug, Serialize)]
struct FailureStatus {
    kind: &'static str,
    message: String,
    hint: Option<String>,
    #[serde(serialize_with = "moment")]
    failed_at: Option<Moment>,
    /// How many there were in a row.
    count: u32,
    /// Whether the source is not being asked just now.
    pauses: bool,
}

fn moment<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(rfc3339).serialize(serializer)
}

/// Prints it.
///
/// # Errors
/// Misconfigured.
pub(crate) async fn run(
    call: &Call,
    status: &Status,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    let now = now(&session.clock);
    let sources = session.sources.iter().map(|source| inspect(&session, source, now));
    let shown = ProfileStatus {
        profile: session.profile.name.clone(),
        configuration: session.config_paths.iter().map(|path| path.display().to_string()).collect(),
        state_folder: session.folder.path().display().to_string(),
        seal: session.seal.as_ref().ok().map(InUse::status),
        ttl_seconds: session.profile.policy.ttl.as_secs(),
        hold_seconds: session.hold().as_secs(),
        sources: sources.collect::<Result<_, _>>()?,
    };
    reporter.warn(&session.warnings);
    reporter.warn(&session.cautions);
    if status.json {
        let json = serde_json::to_string_pretty(&shown).unwrap_or_default();
        return print(&(json + "\n"));
    }
    print(&for_a_person(&shown, now))
}

fn inspect(session: &Session, source: &Source, now: Moment) -> Result<SourceStatus, Error> {
    let id = &source.planned.id;
    let entry = session.entry(id).map_err(|error| refusal(error, "the entry"))?;
    let is_unreadable = entry == Some(None);
    let entry = entry.flatten();
    let variables = &source.planned.variables;
    let variable = |name: &str| session.environment.variable(name);
    let entry = entry.filter(|entry| entry.environment.stands(variables, &variable));
    let renewal = entry.as_ref().and_then(|entry| entry.renewal.as_ref());
    let has_renewal = renewal.is_some();
    let sign_in = renewal.and_then(|renewal| source.backend.sign_in(renewal));
    let validity = entry.filter(|entry| entry.key.is_some()).map(|entry| entry.validity);
    let policy = &session.profile.policy;
    let freshness = validity.map(|validity| policy.judge(&validity, session.hold(), now));
    let bounds = validity.map(|validity| policy.bounds(&validity, session.hold()));
    let failure = read(&session.folder, &id.failure_file())?
        .and_then(|bytes| Failure::decode(&bytes))
        .filter(|failure| failure.stands(variables, &variable))
        .map(|failure| FailureStatus {
            kind: failure.kind().name(),
            message: failure.error().message().to_owned(),
            hint: failure.error().hint().map(str::to_owned),
            failed_at: Some(failure.failed_at()),
            count: failure.count(),
            pauses: failure.pauses(now, freshness.is_some_and(|found| found < Freshness::Expired)),
        });
    Ok(SourceStatus {
        name: id.source.clone(),
        backend: source.backend_name.clone(),
        key: match freshness {
            Some(Freshness::Fresh) => "fresh",
            Some(Freshness::Due) => "due",
            Some(Freshness::Stale) => "stale",
            Some(Freshness::Expired) => "expired",
            None if is_unreadable => "unreadable",
            None => "none",
        },
        fetched_at: validity.map(|validity| validity.fetched_at),
        expires_at: validity.and_then(|validity| validity.expires_at),
        fresh_until: bounds.map(|bounds| bounds.fresh_until),
        usable_until: bounds.map(|bounds| bounds.stale_until),
        has_renewal,
        sign_in: sign_in.map(SignInStatus::from),
        failure,
    })
}

fn read(folder: &StateFolder, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    folder.read(file).map_err(|error| refusal(error, &format!("`{file}`")))
}

fn refusal(error: ReadError, what: &str) -> Error {
    match error {
        ReadError::Refused(error) => error,
        ReadError::Io(error) => Error::transient(format!("cannot read {what}: {error}")),
    }
}

fn for_a_person(status: &ProfileStatus, now: Moment) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", format!("{name:<14}{value}").trim_end());
    };
    line("profile", &status.profile);
    for path in &status.configuration {
        line("configuration", path);
    }
    line("state", &status.state_folder);
    if let Some(SealStatus { place, reason, .. }) = &status.seal {
        line("sealed by", &format!("a key in {place}: {reason}"));
    }
    let hold = Duration::from_secs(status.hold_seconds);
    line("caller", &format!("uses a key for {} after it was printed", written(hold)));
    for source in &status.sources {
        line("", "");
        line("source", &format!("{} ({})", source.name, source.backend));
        line("  key", &key(source, now));
        match &source.sign_in {
            Some(sign_in) => line("  signed in", &signed_in(sign_in, now)),
            None if source.has_renewal => line("  renewal", "kept: the next fetch needs nobody"),
            None => {}
        }
        if let Some(failure) = &source.failure {
            let ago = failure.failed_at.map_or_else(String::new, |at| relative(at, now));
            let times = if failure.count == 1 {
                String::new()
            } else {
                format!(", {} times in a row", failure.count)
            };
            let pause = if failure.pauses { "; not asked again just now" } else { "" };
            line("  failed", &format!("{ago}{times}{pause}: {}", failure.message));
            if let Some(hint) = &failure.hint {
                line("  hint", hint);
            }
        }
    }
    text
}

fn signed_in(sign_in: &SignInStatus, now: Moment) -> String {
    let mut parts = Vec::new();
    parts.extend(sign_in.account.as_ref().map(|account| format!("as {}", printable(account))));
    parts.extend(sign_in.expires_at.map(|at| match at > now {
        true => format!("ends {}", relative(at, now)),
        false => format!("ended {}", relative(at, now)),
    }));
    if !sign_in.scopes.is_empty() {
        parts.push(format!("for {}", printable(&sign_in.scopes.join(" "))));
    }
    if !sign_in.missing_scopes.is_empty() {
        parts.push(format!("without {}", printable(&sign_in.missing_scopes.join(" "))));
    }
    parts.join(", ")
}

fn key(source: &SourceStatus, now: Moment) -> String {
    let mut parts = vec![source.key.to_owned()];
    if let Some(at) = source.fetched_at {
        parts.push(format!("fetched {}", relative(at, now)));
    }
    if let Some(at) = source.fresh_until.filter(|_| source.key == "fresh") {
        parts.push(format!("replaced {}", relative(at, now)));
    }
    match source.expires_at {
        Some(at) if at > now => parts.push(format!("ends {} ({})", relative(at, now), rfc3339(at))),
        Some(at) => parts.push(format!("ended {}", relative(at, now))),
        None if source.fetched_at.is_some() => parts.push("does not say when it ends".to_owned()),
        None => {}
    }
    parts.join(", ")
}
