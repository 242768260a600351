//! `seal`: shows the sealing key's home, and replaces the key.

use std::fmt::Write as _;

use api_key_helper_cache::{EntryId, Seal as _, SealingKey};
use api_key_helper_system::Places;
use api_key_helper_values::Error;

use crate::cli::{Call, Seal};
use crate::environment::Environment;
use crate::report::{Reporter, print, visible_lines};
use crate::seal::InUse;
use crate::session::Session;

/// Shows the key's home and the number of entries. Entries sealed by older keys are sealed again,
/// and a store that did not answer is asked again.
pub(crate) async fn run(
    call: &Call,
    seal: &Seal,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let mut session = Session::open(call, environment).await?;
    reporter.warn(&session.warnings);
    if seal.rotate {
        let home = in_use(&session)?.home.clone();
        // Listed first: without the list, keys that still seal an entry would be dropped.
        let names = session.entry_files()?;
        let is_used = |key: &SealingKey| names.iter().any(|name| is_sealed_by(name, key));
        session.rotate_seal(&home, is_used).await?;
    }
    let sealed_anew = seal_anew(&session).await?;
    let in_use = in_use(&session)?;
    let mut text = format!("home      {}\nreason    {}\n", in_use.home, in_use.reason);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "key       {}", in_use.current().label());
    let _ = writeln!(text, "entries   {}", Entries::count(&session, in_use, sealed_anew)?);
    print(&visible_lines(&text))
}

fn in_use(session: &Session) -> Result<&InUse, Error> {
    session.seal.as_ref().map_err(|nowhere| {
        Error::transient(nowhere.reason.clone()).with_hint(format!(
            "make room there, or make it writable, or set `{}`",
            Places::KEY_VARIABLES[0]
        ))
    })
}

/// Seals all entries of older keys again, of every profile and environment. Each is done under its
/// source's lock, so that no renewal of a concurrent fetch is lost.
async fn seal_anew(session: &Session) -> Result<usize, Error> {
    let mut sealed = 0;
    let mut failed = None;
    let older = in_use(session)?.older();
    for name in session.entry_files()? {
        if !older.iter().any(|key| is_sealed_by(&name, key)) {
            continue;
        }
        let Ok(Some(content)) = session.folder.read(&name) else { continue };
        let Some(id) = EntryId::of_entry_file(&name, &content) else { continue };
        match session.seal_anew(&id).await {
            Ok(is_sealed) => sealed += usize::from(is_sealed),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(sealed), Err)
}

/// The number of entries by sealing key.
struct Entries {
    current: usize,
    sealed_anew: usize,
    /// Sealed by an older key that does not open them.
    older: usize,
    /// Sealed by an unknown key.
    other: usize,
}

impl Entries {
    fn count(session: &Session, in_use: &InUse, sealed_anew: usize) -> Result<String, Error> {
        let mut entries = Self { current: 0, sealed_anew, older: 0, other: 0 };
        for name in session.entry_files()? {
            if is_sealed_by(&name, in_use.current()) {
                entries.current += 1;
            } else if in_use.older().iter().any(|key| is_sealed_by(&name, key)) {
                entries.older += 1;
            } else {
                entries.other += 1;
            }
        }
        Ok(entries.to_string())
    }
}

impl std::fmt::Display for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { current, sealed_anew, older, other } = self;
        write!(f, "{current} sealed by this key")?;
        for (number, what) in [
            (sealed_anew, "of them just now"),
            (older, "damaged"),
            (other, "sealed by a key that is not here"),
        ] {
            if *number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        Ok(())
    }
}

fn is_sealed_by(name: &str, key: &SealingKey) -> bool {
    name.contains(&format!("-{}.", key.label()))
}
