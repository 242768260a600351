//! The places of the settings files, and their order of precedence.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::settings::Settings;
use crate::file;
use crate::home::{folder as folder_of, home};
use crate::json::Malformed;
use crate::scope::Scope;

/// The places in which Claude Code looks for settings when it starts in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// `None` if neither `CLAUDE_CONFIG_DIR` nor the home folder is known.
    user: Option<PathBuf>,
    project: PathBuf,
    local: PathBuf,
    managed: PathBuf,
    /// Its `*.json` files override the managed file, in the order of their names.
    managed_parts: PathBuf,
}

/// A settings file that exists.
#[derive(Debug)]
pub struct SettingsFile {
    /// The scope of the file.
    pub scope: Scope,
    /// The path of the file.
    pub path: PathBuf,
    /// The settings in the file.
    pub settings: Result<Settings, Unreadable>,
}

/// The reason why a settings file cannot be used.
#[derive(Debug)]
pub enum Unreadable {
    /// The system reports an error.
    Io(io::Error),
    /// Claude Code would reject it.
    Malformed(Malformed),
}

impl Places {
    /// Returns the places for a client that starts in `folder`, an absolute path, with the
    /// environment `variable`.
    #[must_use]
    pub fn find(folder: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let user = folder_of(CONFIG_VARIABLE, variable);
        let user = user.or_else(|| home(variable).map(|home| home.join(".claude")));
        let managed = Path::new(MANAGED);
        Self {
            user: user.map(|user| folder.join(user).join("settings.json")),
            project: folder.join(".claude").join("settings.json"),
            local: folder.join(".claude").join(LOCAL_FILE),
            managed: managed.join("managed-settings.json"),
            managed_parts: managed.join("managed-settings.d"),
        }
    }

    /// Returns the file of a scope, even if it does not exist; `None` if the home folder is
    /// unknown.
    #[must_use]
    pub fn file(&self, scope: Scope) -> Option<&Path> {
        match scope {
            Scope::User => self.user.as_deref(),
            Scope::Project => Some(&self.project),
            Scope::Local => Some(&self.local),
            Scope::Managed => Some(&self.managed),
        }
    }

    /// Returns the files that exist, in ascending precedence. Settings that an administrator
    /// distributes by a server, the registry or device management are in no file.
    #[must_use]
    pub fn read(&self) -> Vec<SettingsFile> {
        let named =
            Scope::ALL.into_iter().filter_map(|scope| Some((scope, self.file(scope)?.to_owned())));
        let parts = self.managed_parts().into_iter().map(|path| (Scope::Managed, path));
        // In the home folder, the project's file is the user's file.
        let is_users =
            |scope, path: &Path| scope == Scope::Project && self.user.as_deref() == Some(path);
        named
            .chain(parts)
            .filter(|(scope, path)| !is_users(*scope, path))
            .filter_map(|(scope, path)| {
                let settings = read(&path).transpose()?;
                Some(SettingsFile { scope, path, settings })
            })
            .collect()
    }

    fn managed_parts(&self) -> Vec<PathBuf> {
        let Ok(folder) = fs::read_dir(&self.managed_parts) else { return Vec::new() };
        let is_part = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".json") && !name.starts_with('.')
        };
        let mut parts: Vec<_> =
            folder.filter_map(|file| Some(file.ok()?.path())).filter(is_part).collect();
        parts.sort();
        parts
    }
}

/// Returns the last of `files` in which `find` finds something, and the found value: it has
/// precedence.
pub fn winner<'a, T>(
    files: &'a [SettingsFile],
    find: impl Fn(&'a Settings) -> Option<T>,
) -> Option<(&'a SettingsFile, T)> {
    files.iter().rev().find_map(|file| Some((file, find(file.settings.as_ref().ok()?)?)))
}

/// Reads a file; `None` if it does not exist.
fn read(path: &Path) -> Result<Option<Settings>, Unreadable> {
    match file::bytes(path) {
        Ok(bytes) => Settings::parse(&bytes).map(Some).map_err(Unreadable::Malformed),
        // ENOTDIR: the path goes through a file.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(Unreadable::Io(error)),
    }
}

/// The variable that names the user's configuration folder.
pub(crate) const CONFIG_VARIABLE: &str = "CLAUDE_CONFIG_DIR";

/// The name of a user's own file in one folder. Claude Code makes Git ignore it.
pub(crate) const LOCAL_FILE: &str = "settings.local.json";

/// The folder of an administrator's files.
#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) const MANAGED: &str = "/etc/claude-code";
/// The folder of an administrator's files.
#[cfg(target_os = "macos")]
pub(crate) const MANAGED: &str = "/Library/Application Support/ClaudeCode";
/// The folder of an administrator's files.
#[cfg(windows)]
pub(crate) const MANAGED: &str = r"C:\Program Files\ClaudeCode";

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Places {
        Places::find(Path::new("/w"), &|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn claude_code_scopes_have_their_settings_files() {
        let places = find(&[("HOME", "/h")]);
        let rows = [
            (Scope::User, "/h/.claude/settings.json"),
            (Scope::Project, "/w/.claude/settings.json"),
            (Scope::Local, "/w/.claude/settings.local.json"),
            (Scope::Managed, "/etc/claude-code/managed-settings.json"),
        ];
        for (scope, path) in rows {
            assert_eq!(places.file(scope), Some(Path::new(path)));
        }
    }

    #[test]
    fn claude_config_dir_variable_moves_the_user_settings() {
        let user = |variables| find(variables).file(Scope::User).map(Path::to_owned);
        let elsewhere = [("HOME", "/h"), ("CLAUDE_CONFIG_DIR", "/c")];
        assert_eq!(user(&elsewhere), Some("/c/settings.json".into()));
        assert_eq!(user(&[("CLAUDE_CONFIG_DIR", "c")]), Some("/w/c/settings.json".into()));
        assert_eq!(user(&[]), None);
    }

    #[test]
    fn claude_code_settings_precedence_takes_the_strongest_file() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let home = folder.path().join("home").into_os_string();
        let variable = |name: &str| (name == "HOME").then(|| home.clone());
        let mut places = Places::find(&folder.path().join("work"), &variable);
        places.managed = folder.path().join("managed.json");
        places.managed_parts = folder.path().join("parts");
        let winner = || {
            let files = places.read();
            winner(&files, Settings::helper)
                .map(|(file, helper)| (file.scope, helper.value.clone()))
        };
        assert_eq!(winner(), None);
        for (file, helper, scope) in [
            ("home/.claude/settings.json", "user", Scope::User),
            ("work/.claude/settings.json", "project", Scope::Project),
            ("work/.claude/settings.local.json", "local", Scope::Local),
            ("managed.json", "managed", Scope::Managed),
            ("parts/10.json", "part", Scope::Managed),
            ("parts/9.json", "later part", Scope::Managed),
        ] {
            write(file, &format!("{{\"apiKeyHelper\": \"{helper}\"}}"));
            assert_eq!(winner(), Some((scope, helper.to_owned())));
        }
        for ignored in ["parts/.a.json", "parts/z.json.bak"] {
            write(ignored, "{\"apiKeyHelper\": \"ignored\"}");
        }
        write("parts/z.json", "no JSON");
        assert_eq!(winner(), Some((Scope::Managed, "later part".to_owned())));
        assert_eq!(places.read().len(), 7);
    }
}
