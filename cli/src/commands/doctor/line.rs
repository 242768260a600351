//! Checks the shell line that prints the key, and the program in it.
//!
//! A line may contain a secret, even by mistake. Only an absolute path of it is ever shown.

use std::path::{Path, PathBuf};

use api_key_helper_clients::HelperLine;
use api_key_helper_system::trust;

use super::finding::{Check, Finding};
use super::programs::Programs;

/// The facts for judging the line.
pub(super) struct Facts<'a> {
    pub(super) text: &'a str,
    /// The folder in which Claude Code is started.
    pub(super) folder: &'a Path,
    /// The user's home. A folder above it is no project.
    pub(super) home: Option<&'a Path>,
    pub(super) programs: &'a Programs,
    /// The profile of this report, and the one that the helper uses by default.
    pub(super) profile: Option<&'a str>,
    pub(super) default_profile: Option<&'a str>,
}

/// The findings about the line, and the kind of program that it runs.
pub(super) struct LineReport {
    pub(super) findings: Vec<Finding>,
    /// Set if it runs only the front of this worker.
    pub(super) is_this_program: bool,
    /// Set if it runs any api-key-helper, which has a cache.
    pub(super) is_ours: bool,
    /// Set if it runs the front of this worker with the user's own configuration.
    pub(super) is_plain: bool,
}

impl Facts<'_> {
    pub(super) fn judge(&self) -> LineReport {
        let Some(line) = HelperLine::parse(self.text) else {
            let text = "the helper's line has a quote that is never closed";
            return LineReport {
                findings: vec![Finding::error(Check::HelperLine, text, APPLY)],
                is_this_program: false,
                is_ours: false,
                is_plain: false,
            };
        };
        let program = Path::new(&line.program);
        let real = program.is_absolute().then(|| program.canonicalize().ok()).flatten();
        let is_this_program =
            line.is_ours() && real.is_some() && real.as_deref() == self.programs.front.as_deref();
        let mut findings = vec![about_program(&line)];
        findings.push(self.about_copy(&line, real.as_deref(), is_this_program));
        findings.extend(self.about_project(real.as_deref(), is_this_program));
        findings.extend(self.about_profile(&line));
        let is_plain = is_this_program && line.config().is_none();
        LineReport { findings, is_this_program, is_ours: line.is_ours(), is_plain }
    }

    fn about_copy(&self, line: &HelperLine, real: Option<&Path>, is_this_program: bool) -> Finding {
        let check = Check::HelperCopy;
        if is_this_program {
            return Finding::ok(check, "the helper is this program");
        }
        if !line.is_ours() {
            let text =
                "the helper is another program than api-key-helper, or does more: it has no cache";
            return Finding::warning(check, text, "run `api-key-helper apply --force`");
        }
        let theirs = real.map_or_else(String::new, |path| format!(", `{}`", path.display()));
        let text = format!("the helper is another copy of api-key-helper than this one{theirs}");
        Finding::warning(check, text, APPLY)
    }

    fn about_project(&self, real: Option<&Path>, is_this_program: bool) -> Option<Finding> {
        let check = Check::HelperInProject;
        let real = real?;
        let project = self.folder.canonicalize().ok()?;
        let is_project = self.home.is_none_or(|home| !home.starts_with(&project));
        let worker = self.programs.worker.as_deref().ok().filter(|_| is_this_program);
        let inside = std::iter::once(real).chain(worker).find(|path| path.starts_with(&project));
        Some(match inside {
            Some(path) if is_project => Finding::warning(
                check,
                format!(
                    "`{}` is inside the project's folder: who can write to the project can change it",
                    path.display()
                ),
                "install it elsewhere, then run `api-key-helper apply`",
            ),
            _ => {
                let text = format!("the helper is outside of `{}`", project.display());
                Finding::ok(check, text)
            }
        })
    }

    fn about_profile(&self, line: &HelperLine) -> Option<Finding> {
        let check = Check::HelperProfile;
        let asked = line.is_ours().then(|| line.profile().or(self.default_profile)).flatten()?;
        let ours = self.profile?;
        Some(if asked == ours {
            Finding::ok(check, format!("the helper uses profile `{asked}`"))
        } else {
            Finding::warning(
                check,
                format!("the helper uses profile `{asked}`, and this report is about `{ours}`"),
                format!("run `api-key-helper --profile {asked} doctor`"),
            )
        })
    }
}

fn about_program(line: &HelperLine) -> Finding {
    let check = Check::HelperLine;
    let program = Path::new(&line.program);
    if line.program.starts_with('~') || line.program.contains(['$', '`', '*']) {
        let text = "the helper's line names its program by what the shell makes of it";
        return Finding::warning(check, text, APPLY);
    }
    if !program.is_absolute() {
        let text = if line.program.contains('/') {
            "the helper's line names a relative path: it means another file in each folder"
        } else {
            "the helper's line begins with no absolute path: `PATH` decides what runs"
        };
        return Finding::warning(check, text, APPLY);
    }
    let shown = program.display();
    match program.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Finding::error(check, format!("`{shown}`, the helper, is a folder"), APPLY)
        }
        Ok(metadata) if !is_executable(&metadata) => Finding::error(
            check,
            format!("`{shown}`, the helper, is not executable"),
            format!("run `chmod u+x {}`", trust::quote(program)),
        ),
        Ok(_) => match trust::objection(program) {
            Some(error) => Finding::of(check, &error),
            None => Finding::ok(check, format!("the helper's line runs `{shown}`")),
        },
        Err(_) => match cut_by_a_space(line) {
            Some(whole) => Finding::error(
                check,
                format!(
                    "the space in `{}` is not quoted: the shell runs `{shown}`",
                    whole.display()
                ),
                HelperLine::ours(&whole, None, None)
                    .map_or(APPLY.to_owned(), |line| format!("write `{line}`, or {APPLY}")),
            ),
            None => Finding::error(check, format!("`{shown}`, the helper, is not there"), APPLY),
        },
    }
}

/// The file whose path contains the words after the program, if its spaces were not quoted.
fn cut_by_a_space(line: &HelperLine) -> Option<PathBuf> {
    let mut path = line.program.clone();
    line.arguments.iter().find_map(|word| {
        path = format!("{path} {word}");
        let whole = PathBuf::from(&path);
        whole.is_file().then_some(whole)
    })
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

/// On other systems, the file's name decides.
#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

const APPLY: &str = "run `api-key-helper apply`";

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use api_key_helper_values::Error;

    use super::super::finding::Level;
    use super::*;

    /// A folder with a helper in it, whose path has a space.
    struct World {
        folder: tempfile::TempDir,
        helper: PathBuf,
        programs: Programs,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let helper = folder.path().join("my bin/api-key-helper");
            fs::create_dir(helper.parent().unwrap()).unwrap();
            fs::write(&helper, "").unwrap();
            fs::set_permissions(&helper, Permissions::from_mode(0o700)).unwrap();
            let programs = Programs {
                front: Some(helper.canonicalize().unwrap()),
                worker: Err(Error::transient("it is not known")),
            };
            Self { folder, helper, programs }
        }

        fn judge_in(&self, folder: &Path, line: &str) -> LineReport {
            let facts = Facts {
                text: line,
                folder,
                home: Some(Path::new("/root")),
                programs: &self.programs,
                profile: Some("work"),
                default_profile: Some("work"),
            };
            facts.judge()
        }

        fn found(&self, line: &str, check: Check) -> Finding {
            let elsewhere = tempfile::tempdir().unwrap();
            let mut found = self.judge_in(elsewhere.path(), line).findings;
            found.retain(|finding| finding.check == check);
            found.remove(0)
        }
    }

    #[test]
    fn doctor_accepts_the_api_key_helper_line_of_apply() {
        let world = World::new();
        let line = format!("exec '{}'", world.helper.display());
        let elsewhere = tempfile::tempdir().unwrap();
        let judged = world.judge_in(elsewhere.path(), &line);
        assert!(judged.is_this_program && judged.is_ours && judged.is_plain);
        for finding in judged.findings {
            assert_eq!(finding.level, Level::Ok, "{finding:?}");
        }
    }

    #[test]
    fn doctor_reports_an_api_key_helper_path_that_the_shell_does_not_find() {
        let world = World::new();
        let path = world.helper.display().to_string();
        let level = |line: &str| world.found(line, Check::HelperLine).level;
        assert_eq!(level("./api-key-helper"), Level::Warning);
        assert_eq!(level("api-key-helper"), Level::Warning);
        assert_eq!(level("~/bin/api-key-helper"), Level::Warning);
        assert_eq!(level("/no/such/api-key-helper"), Level::Error);
        assert_eq!(level("exec '/open"), Level::Error);
        assert_eq!(level(&format!("'{}'", world.folder.path().display())), Level::Error);
        let cut = world.found(&format!("exec {path} --profile work"), Check::HelperLine);
        assert_eq!(cut.level, Level::Error);
        assert!(cut.hint.unwrap().contains(&format!("exec '{path}'")));
        fs::set_permissions(&world.helper, Permissions::from_mode(0o600)).unwrap();
        let finding = world.found(&format!("'{path}'"), Check::HelperLine);
        assert!(finding.text.ends_with("is not executable"), "{finding:?}");
    }

    #[test]
    fn doctor_does_not_show_a_foreign_api_key_helper_line() {
        let world = World::new();
        for line in ["echo sk-canary", "sk-canary", "KEY=/sk-canary run", "/bin/echo sk-canary"] {
            let judged = world.judge_in(world.folder.path(), line);
            assert!(!judged.is_ours && !judged.is_this_program, "{line}");
            assert!(!format!("{:?}", judged.findings).contains("canary"), "{line}");
            assert_eq!(world.found(line, Check::HelperCopy).level, Level::Warning);
        }
        let copy = world.found("/opt/api-key-helper", Check::HelperCopy);
        assert!(copy.text.contains("another copy"), "{copy:?}");
    }

    #[test]
    fn doctor_warns_of_an_api_key_helper_inside_the_project() {
        let world = World::new();
        let line = format!("exec '{}'", world.helper.display());
        let level = |folder: &Path| {
            let mut found = world.judge_in(folder, &line).findings;
            found.retain(|finding| finding.check == Check::HelperInProject);
            found.remove(0).level
        };
        assert_eq!(level(world.folder.path()), Level::Warning);
        assert_eq!(level(Path::new("/root")), Level::Ok);
        // The home is below this folder, so it is no project.
        assert_eq!(level(Path::new("/")), Level::Ok);
    }

    #[test]
    fn doctor_hints_at_the_profile_of_the_api_key_helper_line() {
        let world = World::new();
        let path = world.helper.display();
        let finding = world.found(&format!("'{path}' --profile home"), Check::HelperProfile);
        assert_eq!(finding.level, Level::Warning);
        assert_eq!(finding.hint.unwrap(), "run `api-key-helper --profile home doctor`");
        assert_eq!(world.found(&format!("'{path}'"), Check::HelperProfile).level, Level::Ok);
    }
}
