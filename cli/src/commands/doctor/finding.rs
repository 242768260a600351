//! The findings of checks.

use api_key_helper_values::Error;
use clap::ValueEnum;

/// A check. Its name in kebab case, such as `state-folder-space`, is stable, because programs read
/// it. `docs/commands/doctor.md` describes each. `ValueEnum` provides the names and the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Check {
    ApiKeyVariable,
    AuthTokenVariable,
    CachedEntries,
    ClientSettings,
    ClientTtl,
    ClockSkew,
    ConfigurationFile,
    ConfigurationSettings,
    EntriesOfOtherVersions,
    EntriesSetAside,
    Front,
    HelperCopy,
    HelperInProject,
    HelperLine,
    HelperOutput,
    HelperProfile,
    HelperRun,
    HelperSetting,
    HelperStdout,
    HelperTime,
    KeyLifetime,
    KeyPrintable,
    LastRefreshes,
    OtherClients,
    SealingKey,
    SourceAnswers,
    SourceSettings,
    StateFolder,
    StateFolderFileSystem,
    StateFolderSpace,
    StateFolderWritable,
    Worker,
}

impl Check {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ok,
    /// A key is printed, but something needs attention.
    Warning,
    /// No key is printed, or a wrong one.
    Error,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) level: Level,
    /// The source that it is about, if any.
    pub(super) source: Option<String>,
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: Check, text: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, source: None, text: text.into(), hint: None }
    }

    pub(super) fn warning(check: Check, text: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = Some(hint.into());
        Self { level: Level::Warning, hint, ..Self::ok(check, text) }
    }

    pub(super) fn error(check: Check, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { level: Level::Error, ..Self::warning(check, text, hint) }
    }

    /// Converts an error into a finding.
    pub(super) fn of(check: Check, error: &Error) -> Self {
        let hint = error.hint().map(ToString::to_string);
        Self { level: Level::Error, hint, ..Self::ok(check, format!("{error:#}")) }
    }

    pub(super) fn about(self, source: &str) -> Self {
        Self { source: Some(source.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doctor_checks_are_all_documented() {
        let page = include_str!("../../../../docs/commands/doctor.md");
        let documented: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let names: Vec<String> = Check::value_variants().iter().map(|check| check.name()).collect();
        assert_eq!(documented, names);
        assert!(names.contains(&"state-folder-space".to_owned()));
    }
}
