//! When Claude Code's settings were last written.
//!
//! Whenever one of its settings files is written, whatever was changed, Claude Code drops its key and
//! asks again before its next request (observed with 2.1.330; "don't ask again" writes such a file).
//! Nothing in our environment tells that from an ask after a refusal: the files' times do.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{HOME_VARIABLE, Moment};

/// When the last of the settings files was written that a client watches which was started in this
/// folder with these variables; `None` where there are none.
pub(super) fn written_at(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Moment> {
    let user = variable("CLAUDE_CONFIG_DIR")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| variable(HOME_VARIABLE).map(|home| Path::new(&home).join(".claude")))
        .map(|folder| folder.join("settings.json"));
    let others =
        ["settings.json", "settings.local.json"].map(|name| Path::new(".claude").join(name));
    let managed = ["managed-settings.json", "managed-settings.d"]
        .map(|name| Path::new(MANAGED_FOLDER).join(name));
    let files = user.into_iter().chain(others).chain(managed);
    files.filter_map(|file| Some(fs::metadata(file).ok()?.modified().ok()?.into())).max()
}

#[cfg(not(any(windows, target_os = "macos")))]
const MANAGED_FOLDER: &str = "/etc/claude-code";
#[cfg(target_os = "macos")]
const MANAGED_FOLDER: &str = "/Library/Application Support/ClaudeCode";
#[cfg(windows)]
const MANAGED_FOLDER: &str = r"C:\Program Files\ClaudeCode";
