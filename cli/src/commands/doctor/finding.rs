//! What was found, as values.

use api_key_helper_values::Error;
use clap::ValueEnum;

/// What is checked. Its name in kebab case, `state-folder-space`, is stable: programs go by it, and
/// `docs/commands/doctor.md` tells what each means. Clap, which names them so on a command line too, has the
/// list of all.
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

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Keys come, but somebody should know.
    Warning,
    /// No key comes, or not the right one.
    Error,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) level: Level,
    /// The source that it is about, if it is about one.
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

    /// What `error` says.
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
