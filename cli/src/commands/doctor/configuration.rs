//! The configuration: who could have written it, and what it means.

use api_key_helper_core::Source;
use api_key_helper_system::Places;
use api_key_helper_values::Error;

use super::finding::{Check, Finding};
use crate::cli::Call;
use crate::session::config_file;
use crate::session::{Session, no_configuration};

/// What the files by themselves say, and the errors among it.
pub(super) fn files(call: &Call, places: &Places) -> (Vec<Finding>, Vec<Error>) {
    let mut findings = Vec::new();
    let mut errors = Vec::new();
    for path in [&places.system_config, &places.user_config] {
        match config_file::read(path) {
            Ok(Some(_)) => findings.push(Finding::ok(
                Check::ConfigurationFile,
                format!("`{}` is there, and only you and {OTHERS} can change it", path.display()),
            )),
            Ok(None) => {}
            Err(error) => {
                findings.push(Finding::of(Check::ConfigurationFile, &error));
                errors.push(error);
            }
        }
    }
    if findings.is_empty() {
        let error = no_configuration(call, places);
        findings.push(Finding::of(Check::ConfigurationFile, &error));
        errors.push(error);
    }
    (findings, errors)
}

/// Those for whom nothing is closed.
const OTHERS: &str = if cfg!(windows) { "administrators" } else { "root" };

/// A source with those that it uses.
fn tree(source: &Source) -> String {
    let name = &source.planned.id.source;
    let used: Vec<String> = source.uses.iter().map(|used| tree(used)).collect();
    if used.is_empty() {
        format!("`{name}`")
    } else {
        format!("`{name}` (which uses {})", used.join(" and "))
    }
}

/// What the settings mean, where they can be understood.
pub(super) fn settings(session: &Session) -> Vec<Finding> {
    let profile = &session.profile;
    let sources = session.sources.iter().map(tree);
    let wrong = session.mistakes.iter().map(|(source, _)| format!("`{source}`"));
    let names: Vec<String> = sources.chain(wrong).collect();
    let text = format!("profile `{}` has {}", profile.name, names.join(", "));
    let mut findings = vec![Finding::ok(Check::ConfigurationSettings, text)];
    for (source, error) in &session.mistakes {
        findings.push(Finding::of(Check::SourceSettings, error).about(source));
    }
    for source in session.all_sources() {
        let name = &source.planned.id.source;
        let text = format!("`{name}` is of backend `{}`", source.backend_name);
        findings.push(Finding::ok(Check::SourceSettings, text).about(name));
    }
    findings.extend(session.cautions.iter().map(|caution| {
        Finding::warning(Check::SourceSettings, caution, "change that, unless it is meant")
    }));
    findings
}
