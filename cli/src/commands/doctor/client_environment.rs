//! The settings that Claude Code reads in a folder: the file that takes precedence, and the
//! variables that replace the helper's key.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use api_key_helper_clients::claude_code::{
    KEY_VARIABLES, Places, Scope, Setting, Settings, SettingsFile, TTL_VARIABLE, Unreadable, winner,
};
use api_key_helper_system::{advice, trust};

use super::finding::{Check, Finding};

/// The settings files that exist, and the environment.
pub(super) struct ClientEnvironment<'a> {
    files: Vec<SettingsFile>,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// A variable as Claude Code and its helper see it.
pub(super) struct Variable {
    pub(super) value: String,
    /// The place that sets it: `the environment`, or a settings file.
    pub(super) place: String,
    is_of_environment: bool,
}

impl<'a> ClientEnvironment<'a> {
    /// Reads the settings files for `folder`.
    pub(super) fn read(folder: &Path, variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { files: Places::find(folder, variable).read(), variable }
    }

    /// The line that Claude Code runs, and the file that sets it.
    pub(super) fn helper(&self) -> Option<(&SettingsFile, &Setting)> {
        winner(&self.files, Settings::helper)
    }

    /// The merged `env` blocks, which override the environment.
    pub(super) fn env(&self) -> BTreeMap<&str, &str> {
        let read = self.files.iter().filter_map(|file| file.settings.as_ref().ok());
        let variables = read.flat_map(|settings| &settings.env);
        variables.map(|(name, setting)| (name.as_str(), setting.value.as_str())).collect()
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<Variable> {
        let found = match winner(&self.files, |settings| settings.env.get(name)) {
            Some((file, setting)) => Variable {
                value: setting.value.clone(),
                place: format!("`env` of `{}`", file.path.display()),
                is_of_environment: false,
            },
            None => Variable {
                value: (self.variable)(name)?.to_string_lossy().into_owned(),
                place: "the environment".to_owned(),
                is_of_environment: true,
            },
        };
        Some(found).filter(|found| !found.value.is_empty())
    }

    /// The file through which the folder itself decides what runs, so that its author could run any
    /// program. A line that `is_plain` and the client's TTL decide nothing.
    pub(super) fn decided_by_folder(&self, is_plain: bool) -> Option<&SettingsFile> {
        let winner = self.helper().map(|(file, _)| &file.path);
        self.files.iter().find(|file| {
            let Ok(settings) = &file.settings else { return false };
            let is_folders = matches!(file.scope, Scope::Project | Scope::Local);
            let names_helper = winner == Some(&file.path) && !is_plain;
            is_folders && (names_helper || settings.env.keys().any(|name| name != TTL_VARIABLE))
        })
    }

    pub(super) fn check(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.files.iter().map(file).collect();
        findings.push(self.about_helper());
        let [key, token] = KEY_VARIABLES;
        for (check, name, header) in [
            (Check::ApiKeyVariable, key, "x-api-key"),
            (Check::AuthTokenVariable, token, "Authorization"),
        ] {
            findings.push(self.about_key_variable(check, name, header));
        }
        findings
    }

    fn about_helper(&self) -> Finding {
        let check = Check::HelperSetting;
        let Some((file, helper)) = self.helper() else {
            // An unreadable file may name a helper.
            if self.files.iter().any(|file| file.settings.is_err()) {
                let text = "no settings file of Claude Code that can be read names a helper";
                return Finding::warning(check, text, "run `api-key-helper apply`");
            }
            let text =
                "Claude Code has no helper yet: `api-key-helper apply` makes this one its own";
            return Finding::ok(check, text);
        };
        let winner = named(file);
        let shadowed = self.files.iter().find(|other| {
            let theirs = other.settings.as_ref().ok().and_then(Settings::helper);
            theirs.is_some_and(|theirs| theirs.value != helper.value)
        });
        if file.scope == Scope::Project {
            return Finding::warning(
                check,
                format!(
                    "{winner} names the helper: who can write to the project chooses what runs"
                ),
                "if that is not meant, run `api-key-helper apply --scope local`, which beats it",
            );
        }
        match shadowed {
            None => Finding::ok(check, format!("{winner} names the helper")),
            Some(other) => Finding::warning(
                check,
                format!("{winner} names the helper, and shadows another one in {}", named(other)),
                match file.scope {
                    Scope::Managed => "ask the administrator of this machine, if that is not meant",
                    _ => "remove `apiKeyHelper` from the one that is not meant",
                },
            ),
        }
    }

    fn about_key_variable(&self, check: Check, name: &str, header: &str) -> Finding {
        let Some(found) = self.variable(name) else {
            return Finding::ok(check, format!("`{name}` is not set"));
        };
        let place = &found.place;
        Finding::warning(
            check,
            format!(
                "`{name}` is set in {place}: in `{header}` it takes the place of the helper's key"
            ),
            if found.is_of_environment {
                format!("run `unset {name}`, and take it out of what sets it")
            } else {
                format!("remove it from {place}")
            },
        )
    }
}

fn file(file: &SettingsFile) -> Finding {
    let check = Check::ClientSettings;
    let shown = named(file);
    let path = trust::quote(&file.path);
    match &file.settings {
        Ok(settings) if settings.has_byte_order_mark => marked(check, &shown, &path),
        Ok(_) => Finding::ok(check, format!("{shown} can be read")),
        Err(Unreadable::Malformed(mistake)) => Finding::error(
            check,
            format!("{shown} is refused by Claude Code: {mistake}"),
            format!("fix it there, in {path}"),
        ),
        Err(Unreadable::Io(error)) => Finding::error(
            check,
            format!("{shown} cannot be read: {error}"),
            format!("look at it with `{}`", advice::look_at(&file.path)),
        ),
    }
}

/// The finding for a file with a byte order mark (RFC 8259, section 8.1), which Claude Code 2.1.330
/// skips. `shown` names the file.
pub(super) fn marked(check: Check, shown: &str, path: &str) -> Finding {
    Finding::warning(
        check,
        format!(
            "{shown} begins with a byte order mark, which not every program that reads it takes"
        ),
        format!(
            "save it as UTF-8 without one, in an editor or by `sed -i '1s/^\\xef\\xbb\\xbf//' {path}`"
        ),
    )
}

fn named(file: &SettingsFile) -> String {
    format!("`{}` ({})", file.path.display(), file.scope.name())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn told(files: &[(Scope, &str)]) -> ClientEnvironment<'static> {
        let files = files.iter().map(|(scope, text)| SettingsFile {
            scope: *scope,
            path: format!("/{}.json", scope.name()).into(),
            settings: Settings::parse(text.as_bytes()).map_err(Unreadable::Malformed),
        });
        let variable: &dyn Fn(&str) -> Option<OsString> =
            &|name| (name == "ANTHROPIC_AUTH_TOKEN").then(|| "sk-canary".into());
        ClientEnvironment { files: files.collect(), variable }
    }

    fn found(told: &ClientEnvironment<'_>, check: Check) -> Finding {
        let mut found = told.check();
        found.retain(|finding| finding.check == check);
        found.remove(0)
    }

    const A: &str = r#"{"apiKeyHelper": "a", "env": {"A": "user"}}"#;
    const B: &str = r#"{"apiKeyHelper": "b", "env": {"ANTHROPIC_API_KEY": "sk-canary", "A": "b"}}"#;

    #[test]
    fn doctor_reports_which_claude_code_settings_file_wins() {
        let level = |files: &[(Scope, &str)]| {
            let finding = found(&told(files), Check::HelperSetting);
            (finding.level, finding.text)
        };
        let (ok, text) = level(&[]);
        assert!(ok == Level::Ok && text.contains("`api-key-helper apply`"), "{text}");
        assert_eq!(level(&[(Scope::User, "{}")]).0, Level::Ok);
        assert_eq!(level(&[(Scope::User, "{")]).0, Level::Warning);
        let alone = "`/user.json` (user) names the helper".to_owned();
        assert_eq!(level(&[(Scope::User, A)]), (Level::Ok, alone));
        assert_eq!(level(&[(Scope::User, A), (Scope::Managed, A)]).0, Level::Ok);
        let (found, text) = level(&[(Scope::User, A), (Scope::Managed, B)]);
        assert_eq!(found, Level::Warning);
        assert_eq!(
            text,
            "`/managed.json` (managed) names the helper, and shadows another one in `/user.json` (user)"
        );
        let (found, text) = level(&[(Scope::User, A), (Scope::Project, B)]);
        assert_eq!(found, Level::Warning);
        assert!(text.contains("who can write to the project"), "{text}");
    }

    #[test]
    fn doctor_names_an_api_key_variable_without_its_value() {
        let told = told(&[(Scope::User, A), (Scope::Local, B)]);
        let key = found(&told, Check::ApiKeyVariable);
        assert!(key.text.contains("is set in `env` of `/local.json`: in `x-api-key`"), "{key:?}");
        let token = found(&told, Check::AuthTokenVariable);
        assert!(token.text.contains("is set in the environment: in `Authorization`"), "{token:?}");
        assert_eq!((key.level, token.level), (Level::Warning, Level::Warning));
        assert!(!format!("{key:?}{token:?}").contains("canary"));
        assert_eq!(told.env()["A"], "b");
    }

    #[test]
    fn doctor_finds_a_project_folder_that_sets_the_api_key_helper() {
        let plain = r#"{"apiKeyHelper": "a", "env": {"CLAUDE_CODE_API_KEY_HELPER_TTL_MS": "1"}}"#;
        let decides = |files: &[(Scope, &str)], is_plain| {
            told(files).decided_by_folder(is_plain).map(|file| file.scope)
        };
        assert_eq!(decides(&[(Scope::User, B)], false), None);
        assert_eq!(decides(&[(Scope::Local, plain)], true), None);
        assert_eq!(decides(&[(Scope::Local, plain)], false), Some(Scope::Local));
        // Variables can change what any program does.
        assert_eq!(decides(&[(Scope::User, A), (Scope::Project, B)], true), Some(Scope::Project));
        assert_eq!(decides(&[(Scope::Project, plain), (Scope::Managed, A)], false), None);
    }

    #[test]
    fn doctor_warns_of_a_byte_order_mark_in_claude_code_settings() {
        for text in ["\u{feff}{}", "\u{feff}", &format!("\u{feff}{A}")] {
            let finding = found(&told(&[(Scope::User, text)]), Check::ClientSettings);
            assert_eq!(finding.level, Level::Warning, "{text:?}");
            assert!(finding.text.contains("byte order mark"), "{finding:?}");
        }
    }

    #[test]
    fn doctor_reports_invalid_claude_code_settings_with_their_line() {
        let finding = found(&told(&[(Scope::User, "{\"a\": }")]), Check::ClientSettings);
        assert_eq!(finding.level, Level::Error);
        assert!(finding.text.contains("`/user.json` (user) is refused"), "{finding:?}");
        assert!(finding.text.contains("line 1, column 7"), "{finding:?}");
    }
}
