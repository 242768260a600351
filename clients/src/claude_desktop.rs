//! Claude Desktop's configuration of third-party inference. `inferenceCredentialHelper` names a
//! program that runs without arguments and prints a bearer token.
//!
//! Sources: <https://claude.com/docs/third-party/claude-desktop/configuration> and
//! `.../claude-desktop/credential-helper`. Not tested with the application.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::file;
use crate::json::Malformed;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::slots::{Helper, Slots};
use crate::syntax::Syntax;

/// Returns the values for a configuration in the form that [`slots`] takes. `helper` is the program
/// that prints the key, `ttl` the time in seconds for which Claude Desktop uses it.
#[must_use]
pub fn values(helper: &str, ttl: u64) -> Vec<Value> {
    vec![helper.into(), "helper-script".into(), ttl.into()]
}

/// Returns the configuration in use, for a user with the environment `variable`. `None` if there is
/// none yet: the application's own window creates it.
///
/// # Errors
/// The file that names the configuration cannot be read.
pub fn file(
    scope: Scope,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<PathBuf>, Refusal> {
    match scope {
        Scope::User => library(variable).map_or(Ok(None), |library| applied(&library)),
        Scope::Managed => Ok(MANAGED.map(PathBuf::from)),
        Scope::Project | Scope::Local => Ok(None),
    }
}

/// Returns the places of the values.
#[must_use]
pub fn slots() -> Slots {
    let path = |name: &str| vec![name.to_owned()];
    Slots {
        syntax: Syntax::Json,
        paths: [
            "inferenceCredentialHelper",
            "inferenceCredentialKind",
            "inferenceCredentialHelperTtlSec",
        ]
        .map(path)
        .to_vec(),
        helper: Helper::Program,
        of: String::new(),
        check: |_, _| Ok(()),
    }
}

/// Returns the configuration that `_meta.json` names.
fn applied(library: &Path) -> Result<Option<PathBuf>, Refusal> {
    let Some(meta) = file::read(&library.join("_meta.json"))? else { return Ok(None) };
    let (_, text) = crate::json::text(&meta)?;
    let Some((id, position)) = Syntax::Json.value(text, &["appliedId"])? else { return Ok(None) };
    let Some(id) = id.as_str() else { return Ok(None) };
    // The ID must name a file in this folder.
    if id.is_empty() || id.contains(['/', '\\']) || id.starts_with('.') {
        let reason = "`appliedId` is not the name of a file".to_owned();
        return Err(Malformed { position, reason }.into());
    }
    Ok(Some(library.join(format!("{id}.json"))))
}

#[cfg(not(any(windows, target_os = "macos")))]
fn library(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    config.map(|config| config.join("Claude-3p/configLibrary"))
}

#[cfg(target_os = "macos")]
fn library(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    Some(crate::home::home(variable)?.join("Library/Application Support/Claude-3p/configLibrary"))
}

#[cfg(windows)]
fn library(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    Some(PathBuf::from(variable("LOCALAPPDATA")?).join(r"Claude-3p\configLibrary"))
}

#[cfg(not(any(windows, target_os = "macos")))]
const MANAGED: Option<&str> = Some("/etc/claude-desktop/managed-settings.json");
/// Managed preferences and the registry are not files.
#[cfg(any(windows, target_os = "macos"))]
const MANAGED: Option<&str> = None;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn claude_desktop_applied_configuration_is_found() {
        let home = tempfile::tempdir().unwrap();
        let variable = |name: &str| (name == "HOME").then(|| home.path().into());
        let find = || file(Scope::User, &variable);
        assert_eq!(find().unwrap(), None);
        let library = home.path().join(".config/Claude-3p/configLibrary");
        fs::create_dir_all(&library).unwrap();
        let meta = |text: &str| fs::write(library.join("_meta.json"), text).unwrap();
        meta("{\"appliedId\": \"4f2a\", \"entries\": [{\"id\": \"4f2a\", \"name\": \"work\"}]}");
        assert_eq!(find().unwrap(), Some(library.join("4f2a.json")));
        meta("{\"entries\": []}");
        assert_eq!(find().unwrap(), None);
        for id in ["../../x", "", ".hidden", "a\\\\b"] {
            meta(&format!("{{\"appliedId\": \"{id}\"}}"));
            assert!(find().is_err(), "{id}");
        }
    }

    #[test]
    fn claude_desktop_settings_roundtrip_through_apply_and_undo() {
        let before = "{\"inferenceProvider\":\"gateway\",\"inferenceCredentialKind\":\"static\"}";
        let values = values("/d/api-key-helper@work", 30);
        let now = slots().put(before.as_bytes(), &values).unwrap();
        assert_eq!(
            String::from_utf8(now.clone()).unwrap(),
            "{\"inferenceProvider\":\"gateway\",\"inferenceCredentialKind\":\"helper-script\",\
             \"inferenceCredentialHelper\":\"/d/api-key-helper@work\",\
             \"inferenceCredentialHelperTtlSec\":30}"
        );
        assert!(slots().is_ours(&values[0]));
        let back = slots().take_back(&now, Some(before.as_bytes())).unwrap();
        assert_eq!(back.as_deref(), Some(before.as_bytes()));
    }
}
