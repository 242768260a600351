//! Checks the sealing key.

use api_key_helper_system::Places;

use super::finding::{Check, Finding};
use crate::session::Session;

/// Reports the key's home, and entries that it does not open.
pub(super) fn check(session: &Session) -> Vec<Finding> {
    let check = Check::SealingKey;
    let in_use = match &session.seal {
        Ok(in_use) => in_use,
        Err(nowhere) => {
            let text = format!("nothing is cached: {}", nowhere.reason);
            let hint = format!(
                "make room there, or make it writable, or set `{}`",
                Places::KEY_VARIABLES[0]
            );
            return vec![Finding::warning(check, text, hint)];
        }
    };
    let text = format!("a key in {} seals what is cached: {}", in_use.home, in_use.reason);
    let mut findings = vec![Finding::ok(check, text)];
    let ids = session.all_sources().into_iter().map(|source| &source.planned.id);
    findings.extend(ids.filter(|id| !session.unopened(id).is_empty()).map(|id| {
        let text = format!("something cached of `{}` is sealed by a key that is not here", id.source);
        let hint = "if the system's store is locked, unlock it and run `api-key-helper seal`; if hosts \
                    share this home, all is well";
        Finding::warning(check, text, hint).about(&id.source)
    }));
    findings
}
