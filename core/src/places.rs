//! Where configuration, state and sealing keys are.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::{CONFIG_VARIABLE, Error};

const NAME: &str = "api-key-helper";

/// Where configuration, state and sealing keys are, for one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The system's configuration file.
    pub system_config: PathBuf,
    /// The user's configuration file.
    pub user_config: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// The folder for what ends with the session, where the system has one.
    pub runtime: Option<PathBuf>,
    /// The folder of the sealing keys' file. It is not the state folder, for whoever gets hold of one of
    /// them shall not have the other, and not the configuration's, which many people keep in a
    /// repository or copy from machine to machine.
    pub keys: PathBuf,
}

impl Places {
    /// The places for a caller whose command line says `config` and whose environment is `variable`.
    /// Folders are those of the XDG Base Directory Specification, which wants relative ones ignored.
    ///
    /// # Errors
    /// Misconfigured, when the environment does not say where the user's folders are.
    pub fn find(
        config: Option<&OsStr>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Error> {
        let folder = |variables: [&str; 2], below_home: &str| {
            let [own, home] = variables;
            absolute(variable(own))
                .or_else(|| absolute(variable(home)).map(|home| home.join(below_home)))
                .map(|folder| folder.join(NAME))
                .ok_or_else(|| {
                    Error::misconfigured(format!("neither `{own}` nor `{home}` is set"))
                        .with_hint(format!("set `{home}` to an absolute path"))
                })
        };
        let named = config
            .map(OsString::from)
            .or_else(|| variable(CONFIG_VARIABLE).filter(|path| !path.is_empty()));
        let user_config = match named {
            Some(path) => std::path::absolute(&path).map_err(|error| {
                Error::misconfigured(format!("`--config {}`: {error}", path.display()))
                    .with_hint("give an absolute path")
            })?,
            None => folder(CONFIG_FOLDERS, CONFIG_BELOW)?.join("config.toml"),
        };
        Ok(Self {
            system_config: Path::new(SYSTEM_CONFIG).to_owned(),
            user_config,
            state: folder(STATE_FOLDERS, STATE_BELOW)?,
            runtime: absolute(variable(RUNTIME_FOLDER)).map(|folder| folder.join(NAME)),
            keys: folder(DATA_FOLDERS, DATA_BELOW)?,
        })
    }

    /// Where clients' records may be, the best place first.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Path> {
        self.runtime.iter().chain([&self.state]).map(PathBuf::as_path)
    }
}

fn absolute(path: Option<OsString>) -> Option<PathBuf> {
    path.map(PathBuf::from).filter(|path| path.is_absolute())
}

const RUNTIME_FOLDER: &str = "XDG_RUNTIME_DIR";

#[cfg(not(windows))]
const SYSTEM_CONFIG: &str = "/etc/api-key-helper/config.toml";
#[cfg(not(windows))]
const CONFIG_FOLDERS: [&str; 2] = ["XDG_CONFIG_HOME", "HOME"];
#[cfg(not(windows))]
const CONFIG_BELOW: &str = ".config";
#[cfg(not(windows))]
const STATE_FOLDERS: [&str; 2] = ["XDG_STATE_HOME", "HOME"];
#[cfg(not(windows))]
const STATE_BELOW: &str = ".local/state";
#[cfg(not(windows))]
const DATA_FOLDERS: [&str; 2] = ["XDG_DATA_HOME", "HOME"];
#[cfg(not(windows))]
const DATA_BELOW: &str = ".local/share";

// Not tried.
#[cfg(windows)]
const SYSTEM_CONFIG: &str = r"C:\ProgramData\api-key-helper\config.toml";
#[cfg(windows)]
const CONFIG_FOLDERS: [&str; 2] = ["APPDATA", "USERPROFILE"];
#[cfg(windows)]
const CONFIG_BELOW: &str = r"AppData\Roaming";
#[cfg(windows)]
const STATE_FOLDERS: [&str; 2] = ["LOCALAPPDATA", "USERPROFILE"];
#[cfg(windows)]
const STATE_BELOW: &str = r"AppData\Local";
#[cfg(windows)]
const DATA_FOLDERS: [&str; 2] = ["APPDATA", "USERPROFILE"];
#[cfg(windows)]
const DATA_BELOW: &str = r"AppData\Roaming";

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn find(config: Option<&str>, variables: &[(&str, &str)]) -> Result<Places, Error> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Places::find(config.map(OsStr::new), &variable)
    }

    #[test]
    fn below_home() {
        let places = find(None, &[("HOME", "/h")]).unwrap();
        assert_eq!(places.user_config, Path::new("/h/.config/api-key-helper/config.toml"));
        assert_eq!(places.state, Path::new("/h/.local/state/api-key-helper"));
        assert_eq!(places.runtime, None);
        assert_eq!(places.keys, Path::new("/h/.local/share/api-key-helper"));
    }

    #[test]
    fn records_are_kept_for_the_session_where_that_can_be() {
        let places = find(None, &[("HOME", "/h"), (RUNTIME_FOLDER, "/run/user/1")]).unwrap();
        let runtime = Path::new("/run/user/1/api-key-helper");
        assert_eq!(places.records().collect::<Vec<_>>(), [runtime, &places.state]);
    }

    #[test]
    fn xdg_beats_home_unless_relative() {
        let xdg = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "s")];
        let places = find(None, &xdg).unwrap();
        assert_eq!(places.user_config, Path::new("/c/api-key-helper/config.toml"));
        assert_eq!(places.state, Path::new("/h/.local/state/api-key-helper"));
    }

    #[test]
    fn the_command_line_beats_the_variable() {
        let named = [("HOME", "/h"), (CONFIG_VARIABLE, "/v.toml")];
        assert_eq!(find(None, &named).unwrap().user_config, Path::new("/v.toml"));
        assert_eq!(find(Some("/a.toml"), &named).unwrap().user_config, Path::new("/a.toml"));
        let relative = find(Some("a.toml"), &named).unwrap().user_config;
        assert!(relative.is_absolute() && relative.ends_with("a.toml"));
    }

    #[test]
    fn no_home_is_an_error() {
        let error = find(None, &[]).unwrap_err();
        assert!(error.message().contains("`XDG_CONFIG_HOME`"), "{error}");
    }
}
