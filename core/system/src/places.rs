//! The paths of configuration, state and sealing keys.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use api_key_helper_values::Error;

/// The variable with the user's configuration file.
pub const CONFIG_VARIABLE: &str = "API_KEY_HELPER_CONFIG";

const NAME: &str = "api-key-helper";

/// The paths of configuration, state and sealing keys, for one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The system's configuration file.
    pub system_config: PathBuf,
    /// The user's configuration file.
    pub user_config: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// The folder for files of the session, if the system has one.
    pub runtime: Option<PathBuf>,
    /// The folder of the key file. It differs from the state folder, so that a copy of one does not
    /// include the other. It also differs from the configuration folder, which many users keep in a
    /// repository or copy between machines.
    pub keys: PathBuf,
}

impl Places {
    /// Finds the paths for a caller with the option `config` and the environment `variable`.
    /// Folders follow the XDG Base Directory Specification, which ignores relative ones.
    ///
    /// If the environment names no folders of the user, as for many services, nothing is cached:
    /// see [`Places::is_homeless`].
    ///
    /// # Errors
    /// Misconfigured: it names no place for the configuration either.
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
        let kept = |variables, below_home, own: &str| {
            let folder = folder(variables, below_home);
            let folder = folder.unwrap_or_else(|_| Path::new(NOWHERE).join(NAME));
            if own.is_empty() { folder } else { folder.join(own) }
        };
        Ok(Self {
            system_config: Path::new(SYSTEM_CONFIG).to_owned(),
            user_config,
            state: kept(STATE_FOLDERS, STATE_BELOW, STATE),
            runtime: absolute(RUNTIME_FOLDER.and_then(variable)).map(|folder| folder.join(NAME)),
            keys: kept(DATA_FOLDERS, DATA_BELOW, KEYS),
        })
    }

    /// Returns whether the environment names no state folder. Then nothing is cached.
    #[must_use]
    pub fn is_homeless(&self) -> bool {
        self.state.starts_with(NOWHERE)
    }

    /// The variables that name the state folder or one above it. The first that is set counts.
    pub const STATE_VARIABLES: [&'static str; 2] = STATE_FOLDERS;

    /// The variables that name the folder of the sealing keys or one above it.
    pub const KEY_VARIABLES: [&'static str; 2] = DATA_FOLDERS;

    /// Returns whether the environment names no folder for the key file.
    #[must_use]
    pub fn is_keyless(&self) -> bool {
        self.keys.starts_with(NOWHERE)
    }

    /// The folders for clients' records, the best one first.
    pub fn records(&self) -> impl Iterator<Item = &Path> {
        self.runtime.iter().chain([&self.state]).map(PathBuf::as_path)
    }
}

fn absolute(path: Option<OsString>) -> Option<PathBuf> {
    path.map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(windows)]
mod windows;
#[cfg(not(windows))]
mod xdg;

#[cfg(windows)]
use windows as platform;
#[cfg(not(windows))]
use xdg as platform;

pub use platform::HOME_VARIABLE;
use platform::{
    CONFIG_BELOW, CONFIG_FOLDERS, DATA_BELOW, DATA_FOLDERS, KEYS, NOWHERE, RUNTIME_FOLDER, STATE,
    STATE_BELOW, STATE_FOLDERS, SYSTEM_CONFIG,
};

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
    fn configuration_state_and_key_folders_are_below_home() {
        let places = find(None, &[("HOME", "/h")]).unwrap();
        assert_eq!(places.user_config, Path::new("/h/.config/api-key-helper/config.toml"));
        assert_eq!(places.state, Path::new("/h/.local/state/api-key-helper"));
        assert_eq!(places.runtime, None);
        assert_eq!(places.keys, Path::new("/h/.local/share/api-key-helper"));
    }

    #[test]
    fn rejection_records_prefer_xdg_runtime_dir() {
        let places = find(None, &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/user/1")]).unwrap();
        let runtime = Path::new("/run/user/1/api-key-helper");
        assert_eq!(places.records().collect::<Vec<_>>(), [runtime, &places.state]);
    }

    #[test]
    fn xdg_variable_beats_home_unless_relative() {
        let xdg = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "s")];
        let places = find(None, &xdg).unwrap();
        assert_eq!(places.user_config, Path::new("/c/api-key-helper/config.toml"));
        assert_eq!(places.state, Path::new("/h/.local/state/api-key-helper"));
    }

    #[test]
    fn config_argument_beats_the_config_variable() {
        let named = [("HOME", "/h"), (CONFIG_VARIABLE, "/v.toml")];
        assert_eq!(find(None, &named).unwrap().user_config, Path::new("/v.toml"));
        assert_eq!(find(Some("/a.toml"), &named).unwrap().user_config, Path::new("/a.toml"));
        let relative = find(Some("a.toml"), &named).unwrap().user_config;
        assert!(relative.is_absolute() && relative.ends_with("a.toml"));
    }

    #[test]
    fn missing_home_variable_without_a_configuration_is_an_error() {
        for variables in [&[][..], &[("HOME", "")], &[("HOME", "relative")]] {
            let error = find(None, variables).unwrap_err();
            assert!(error.message().contains("`XDG_CONFIG_HOME`"), "{error}");
        }
    }

    #[test]
    fn missing_home_variable_with_a_configuration_caches_nothing() {
        for (config, variables) in [
            (Some("/a.toml"), &[][..]),
            (None, &[(CONFIG_VARIABLE, "/a.toml")]),
            (None, &[(CONFIG_VARIABLE, "/a.toml"), ("HOME", "relative")]),
            (None, &[("XDG_CONFIG_HOME", "/c")]),
        ] {
            let places = find(config, variables).unwrap();
            assert!(places.is_homeless(), "{places:?}");
            assert!(std::fs::create_dir_all(&places.state).is_err(), "{places:?}");
            assert!(std::fs::create_dir_all(&places.keys).is_err(), "{places:?}");
        }
        let state = [(CONFIG_VARIABLE, "/a.toml"), ("XDG_STATE_HOME", "/s")];
        let places = find(None, &state).unwrap();
        assert!(!places.is_homeless() && places.is_keyless());
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Places {
        let variable = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Places::find(None, &variable).unwrap()
    }

    #[test]
    fn state_folder_and_sealing_keys_do_not_roam() {
        for variables in [
            &[("APPDATA", r"C:\u\AppData\Roaming"), ("LOCALAPPDATA", r"C:\u\AppData\Local")][..],
            &[("USERPROFILE", r"C:\u"), ("XDG_STATE_HOME", r"C:\x")],
        ] {
            let places = find(variables);
            let config = Path::new(r"C:\u\AppData\Roaming\api-key-helper\config.toml");
            assert_eq!(places.user_config, config);
            assert_eq!(places.state, Path::new(r"C:\u\AppData\Local\api-key-helper\state"));
            assert_eq!(places.keys, Path::new(r"C:\u\AppData\Local\api-key-helper\keys"));
            assert_eq!(places.runtime, None);
        }
    }

    #[test]
    fn missing_localappdata_variable_caches_nothing() {
        let places = find(&[("APPDATA", r"C:\u\AppData\Roaming")]);
        assert!(places.is_homeless(), "{places:?}");
        assert!(std::fs::create_dir_all(&places.state).is_err(), "{places:?}");
    }
}
