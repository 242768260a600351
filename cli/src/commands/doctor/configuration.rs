//! Checks the configuration files and the settings in them.

use api_key_helper_core::Source;
use api_key_helper_system::Places;
use api_key_helper_values::Error;

use super::finding::{Check, Finding};
use crate::cli::Call;
use crate::session::config_file;
use crate::session::{Session, no_configuration};

/// Checks each file by itself. Returns the findings, and their errors.
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

/// Accounts that can change every file.
const OTHERS: &str = if cfg!(windows) { "administrators" } else { "root" };

/// A source with the sources that it uses, in words.
fn tree(source: &Source) -> String {
    let name = &source.planned.id.source;
    let used: Vec<String> = source.uses.iter().map(|used| tree(used)).collect();
    if used.is_empty() {
        format!("`{name}`")
    } else {
        format!("`{name}` (which uses {})", used.join(" and "))
    }
}

/// Checks the settings of a valid configuration.
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
