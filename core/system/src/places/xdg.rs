//! Paths of the XDG Base Directory Specification, which command-line programs use on macOS too.

/// The variable with the user's home.
pub const HOME_VARIABLE: &str = "HOME";

/// A path that is no folder, so that nothing can exist or be created below it.
pub(super) const NOWHERE: &str = "/dev/null";
pub(super) const RUNTIME_FOLDER: Option<&str> = Some("XDG_RUNTIME_DIR");
pub(super) const SYSTEM_CONFIG: &str = "/etc/api-key-helper/config.toml";
pub(super) const CONFIG_FOLDERS: [&str; 2] = ["XDG_CONFIG_HOME", HOME_VARIABLE];
pub(super) const CONFIG_BELOW: &str = ".config";
pub(super) const STATE_FOLDERS: [&str; 2] = ["XDG_STATE_HOME", HOME_VARIABLE];
pub(super) const STATE_BELOW: &str = ".local/state";
pub(super) const STATE: &str = "";
pub(super) const DATA_FOLDERS: [&str; 2] = ["XDG_DATA_HOME", HOME_VARIABLE];
pub(super) const DATA_BELOW: &str = ".local/share";
pub(super) const KEYS: &str = "";
