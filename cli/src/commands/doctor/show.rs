//! Shows findings as they come, or all of them as JSON.

use std::io::{self, IsTerminal as _};

use api_key_helper_values::{Error, visible};
use serde::Serialize;

use super::finding::{Finding, Level};
use crate::cli::VERSION;
use crate::environment::Environment;
use crate::readable::counted;
use crate::report::{print, print_json, tell};

/// The output of `--json`.
#[derive(Debug, Serialize)]
struct Document {
    /// The schema's version, raised when a reader would have to change.
    schema: u32,
    /// The program's version.
    version: &'static str,
    summary: Summary,
    findings: Vec<Row>,
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    ok: usize,
    warnings: usize,
    errors: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// `ok`, `warning` or `error`.
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The report so far.
pub(super) struct Sheet {
    is_json: bool,
    has_signs: bool,
    /// Set if a user is watching the terminal.
    is_watched: bool,
    rows: Vec<Row>,
    summary: Summary,
}

impl Sheet {
    pub(super) fn new(is_json: bool, environment: &Environment) -> Self {
        let text = |name: &str| environment.variable(name)?.into_string().ok();
        Self {
            is_json,
            has_signs: is_utf8(text),
            is_watched: !is_json && io::stdout().is_terminal() && io::stderr().is_terminal(),
            rows: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Shows what the command is waiting for, until the next finding.
    pub(super) fn wait_for(&self, what: &str) {
        if self.is_watched {
            tell(&format!("{CLEAR}  {what} ... "));
        }
    }

    /// Adds findings to the report, and shows them.
    pub(super) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), Error> {
        if self.is_watched {
            tell(CLEAR);
        }
        for finding in findings {
            let counter = match finding.level {
                Level::Ok => &mut self.summary.ok,
                Level::Warning => &mut self.summary.warnings,
                Level::Error => &mut self.summary.errors,
            };
            *counter += 1;
            let sign = sign(finding.level, self.has_signs);
            let row = Row::from(finding);
            if self.is_json {
                self.rows.push(row);
            } else {
                print(&row.for_a_person(sign))?;
            }
        }
        Ok(())
    }

    /// Ends the report. Returns whether it has no errors.
    pub(super) fn end(self) -> Result<bool, Error> {
        let Self { is_json, rows, summary, .. } = self;
        let is_well = summary.errors == 0;
        if is_json {
            let document = Document { schema: SCHEMA, version: VERSION, summary, findings: rows };
            print_json(&document)?;
        } else {
            print(&summary.for_a_person())?;
        }
        Ok(is_well)
    }
}

impl From<Finding> for Row {
    /// Removes control characters, because texts may come from files and servers.
    fn from(Finding { check, level, source, text, hint }: Finding) -> Self {
        Self {
            name: visible(check.name()),
            level: match level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Error => "error",
            },
            source,
            text: visible(text),
            hint: hint.map(visible),
        }
    }
}

impl Row {
    fn for_a_person(&self, sign: &str) -> String {
        let Self { name, text, .. } = self;
        let hint = self.hint.as_ref().map_or_else(String::new, |hint| format!("    {hint}\n"));
        format!("{sign} {name}: {text}\n{hint}")
    }
}

impl Summary {
    fn for_a_person(&self) -> String {
        let checks = counted(self.ok + self.warnings + self.errors, "check", "checks");
        let errors = counted(self.errors, "error", "errors");
        let warnings = counted(self.warnings, "warning", "warnings");
        format!("\n{checks}: {errors}, {warnings}\n")
    }
}

/// The version of the output of `--json`.
const SCHEMA: u32 = 2;

/// Returns to the start of the line and erases it (ECMA-48, 8.3.41).
const CLEAR: &str = "\r\u{1b}[K";

/// Returns whether the locale uses UTF-8. The first of these variables that is not empty decides
/// (POSIX.1-2024, base definitions, 8.2).
fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

const fn sign(level: Level, has_signs: bool) -> &'static str {
    match (level, has_signs) {
        (Level::Ok, true) => "✓",
        (Level::Error, true) => "✗",
        (Level::Ok, false) => "+",
        (Level::Error, false) => "x",
        (Level::Warning, _) => "!",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doctor_uses_unicode_signs_in_utf8_locales_only() {
        let with = |variables: &'static [(&str, &str)]| {
            is_utf8(|name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[]));
    }
}
