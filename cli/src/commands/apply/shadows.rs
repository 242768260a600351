//! Finds settings and variables that override the written setting.

use std::path::Path;

use api_key_helper_clients::claude_code::{
    Change, HELPER, KEY_VARIABLES, Places, Scope, Settings, SettingsFile, TTL_VARIABLE, winner,
};
use api_key_helper_system::trust;

use crate::environment::Environment;

/// Lists everything that overrides `change` in `scope`, as at most one warning.
pub(super) fn warning(
    places: &Places,
    scope: Scope,
    change: &Change,
    environment: &Environment,
) -> Vec<String> {
    let mut files = places.read();
    let mut shadows = keys(&files, environment);
    files.retain(|file| file.scope > scope || is_part(file, places, scope));
    let other = |helper: &str| (helper != change.helper).then(|| format!("another `{HELPER}`"));
    let longer =
        |ttl: &str| (ttl != change.ttl.to_string()).then(|| format!("another `{TTL_VARIABLE}`"));
    for found in [
        winner(&files, |settings| Some(other(&settings.helper()?.value))),
        winner(&files, |settings| Some(longer(&settings.ttl()?.value))),
    ] {
        if let Some((file, Some(what))) = found {
            shadows.push(format!("`{}` sets {what}", trust::quote(&file.path)));
        }
    }
    if shadows.is_empty() {
        return Vec::new();
    }
    vec![format!("something else beats this setting: {}", shadows.join("; "))]
}

/// The variables that replace the helper's key, with the place that sets each.
fn keys(files: &[SettingsFile], environment: &Environment) -> Vec<String> {
    let is_set = |value: &str| !value.is_empty();
    let shadow = |name: &&str| {
        let sets = |settings: &Settings| settings.env.get(*name).map(|found| is_set(&found.value));
        let place = match winner(files, sets) {
            Some((file, true)) => format!("`{}`", trust::quote(&file.path)),
            Some((_, false)) => return None,
            None => environment
                .variable(name)
                .filter(|value| !value.is_empty())
                .map(|_| "the environment".to_owned())?,
        };
        Some(format!("{place} sets `{name}`"))
    };
    KEY_VARIABLES.iter().filter_map(shadow).collect()
}

/// Returns whether `file` is one of the managed parts, which override their main file.
fn is_part(file: &SettingsFile, places: &Places, scope: Scope) -> bool {
    file.scope == scope && places.file(scope) != Some(Path::new(&file.path))
}
