//! Paths on Windows. `Roaming` is copied to other machines of a domain; state and sealing keys must
//! stay on this one.

/// The variable with the user's home.
pub const HOME_VARIABLE: &str = "USERPROFILE";

/// A path that is no folder, so that nothing can exist or be created below it.
pub(super) const NOWHERE: &str = r"\\.\NUL";
pub(super) const RUNTIME_FOLDER: Option<&str> = None;
/// A folder in which only administrators can create files. In `C:\ProgramData` every user can.
pub(super) const SYSTEM_CONFIG: &str = r"C:\Program Files\api-key-helper\config.toml";
pub(super) const CONFIG_FOLDERS: [&str; 2] = ["APPDATA", HOME_VARIABLE];
pub(super) const CONFIG_BELOW: &str = r"AppData\Roaming";
pub(super) const STATE_FOLDERS: [&str; 2] = ["LOCALAPPDATA", HOME_VARIABLE];
pub(super) const STATE_BELOW: &str = r"AppData\Local";
pub(super) const STATE: &str = "state";
pub(super) const DATA_FOLDERS: [&str; 2] = STATE_FOLDERS;
pub(super) const DATA_BELOW: &str = STATE_BELOW;
pub(super) const KEYS: &str = "keys";
