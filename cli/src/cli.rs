//! The command line.

mod form;
mod mistake;
mod options;
mod plugin;

use std::ffi::OsString;
use std::path::PathBuf;

use api_key_helper_config::is_name;
use api_key_helper_formats::FormatName;
use api_key_helper_system::trust;
use api_key_helper_values::{Error, Moment};
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::mistake::refusal;
pub(crate) use self::options::{
    Apply, Client, Completions, Doctor, Exec, Get, Init, Log, Login, Logout, Man, Refresh, Seal,
    Status,
};
use crate::backends::Backends;
use crate::report::print;

/// The version of front and worker, which must be the same.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The front's argument for its version.
pub(crate) const FRONT_VERSION: &str = "--front-version=";
/// The front's argument for its start time, in milliseconds since the Unix epoch.
const ASKED_AT: &str = "--asked-at=";
/// The front's argument for the profile in the name of the link that started it.
const LINKED_PROFILE: &str = "--linked-profile=";

/// Prints a short-lived API key, fetched from where the company keeps it
///
/// Without a command it prints the key of the default profile, so that its bare path can be Claude
/// Code's `apiKeyHelper`.
#[derive(Debug, Parser)]
#[command(name = "api-key-helper", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// The profile to use instead of the default one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The configuration file to use instead of the user's
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// The options of `get`, which is the default command.
    #[command(flatten)]
    get: Get,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make Claude Code, or another client, use this helper: write its settings, or undo that
    Apply(Apply),
    /// Print the completions of a shell, for its own folder of them
    Completions(Completions),
    /// Prove that a key comes, from its source to Claude Code, and say what is in the way
    Doctor(Doctor),
    /// Forget the key that git describes, which its server refused
    #[command(hide = true)]
    Erase,
    /// Run a program with the key in its environment, and nowhere else
    ///
    /// It becomes the program, whose exit code, signals and terminal are then its own. No shell
    /// looks at the words. What fails before that ends with exit code 125, a program that does not
    /// run with 126, and one that is not there with 127.
    Exec(Exec),
    /// Print the key, without a newline (the default)
    Get(Get),
    /// Write a commented configuration to start from
    ///
    /// At a terminal, and without options, it asks for what the source needs, fetches a key to see
    /// that it works, and writes the file. Otherwise it asks nothing.
    Init(Init),
    /// Show what was fetched, when, and what failed
    Log(Log),
    /// Sign in to a source
    Login(Login),
    /// Sign out of a source: give the sign-in back, and forget it
    Logout(Logout),
    /// Print a manual page, or write all of them
    Man(Man),
    /// Refresh what is due, behind an answer that has been given
    #[command(hide = true)]
    Refresh(Refresh),
    /// Show where the key is that seals the cache, and why; replace it
    Seal(Seal),
    /// Show the profile's sources, their keys' age, and what failed last
    Status(Status),
    /// Do nothing: git says that its server took the key
    #[command(hide = true)]
    Store,
}

/// The result of parsing a command line.
pub(crate) enum Parsed {
    /// Help or version, already printed.
    Answered,
    Call(Call),
}

/// The command to run, with its options.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) profile: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) command: Command,
    /// The format given on the command line.
    pub(crate) format: Option<FormatName>,
    /// The time at which the front was started, if the front became this worker.
    pub(crate) asked_at: Option<Moment>,
    pub(crate) backends: Backends,
}

impl Call {
    /// Adds this call's `--config` and `--profile` to the command in the error's hint. Otherwise
    /// the hint would be about another configuration or profile.
    pub(crate) fn advise(&self, error: Error) -> Error {
        let config = self.config.as_ref().map(|path| ["--config".to_owned(), trust::quote(path)]);
        let profile = self.profile.clone().map(|profile| ["--profile".to_owned(), profile]);
        let options: Vec<String> = [config, profile].into_iter().flatten().flatten().collect();
        error.with_options(&options)
    }
}

/// Parses the command line that the front passes on. It begins with the front's own arguments: its
/// version, its start time, and the profile of a link.
pub(crate) fn parse(mut arguments: Vec<OsString>, backends: Backends) -> Result<Parsed, Error> {
    let mut asked_at = None;
    let mut linked = None;
    if let Some(front) = value(&arguments, FRONT_VERSION) {
        if front != VERSION {
            return Err(Error::misconfigured(format!(
                "`api-key-helper` is version {front}, but its worker is version {VERSION}"
            ))
            .with_hint("reinstall api-key-helper: an upgrade replaces both of its programs"));
        }
        arguments.remove(0);
        if let Some(millis) = value(&arguments, ASKED_AT) {
            asked_at = millis.parse().ok().map(Moment::from_unix_millis);
            arguments.remove(0);
        }
        if let Some(profile) = value(&arguments, LINKED_PROFILE) {
            linked = Some(profile);
            arguments.remove(0);
        }
    }
    let arguments = std::iter::once(OsString::from("api-key-helper")).chain(arguments);
    match Cli::read(arguments, backends) {
        Ok(Cli { profile, config, get, command }) => {
            let (command, format) = with_options(&get, command)?;
            let profile = one_profile(profile, linked)?;
            Ok(Parsed::Call(Call { profile, config, command, format, asked_at, backends }))
        }
        Err(error)
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            print(&error.to_string()).map(|()| Parsed::Answered)
        }
        Err(error) => Err(refusal(&error)),
    }
}

impl Cli {
    /// Parses `words`, of which the first is the program's name.
    fn read<T: Into<OsString> + Clone>(
        words: impl IntoIterator<Item = T>,
        backends: Backends,
    ) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut tree(backends).try_get_matches_from(words)?)
    }
}

/// The clap command tree of a program with these backends.
pub(crate) fn tree(backends: Backends) -> clap::Command {
    let names = || PossibleValuesParser::new(backends.all().iter().map(|backend| backend.name));
    Cli::command().mut_subcommands(|command| match command.get_name() {
        "init" => command.mut_args(|option| match option.get_id().as_str() {
            "backend" => option.value_parser(names()),
            _ => option,
        }),
        _ => command,
    })
}

/// Returns the command and its format. Options `before` the command are those of `get`, which may
/// be written without its name.
fn with_options(
    before: &Get,
    command: Option<Command>,
) -> Result<(Command, Option<FormatName>), Error> {
    match command.unwrap_or_else(|| Command::Get(Get::default())) {
        Command::Get(get) => {
            let format = form::format(&before.form, Some(&get.form), true)?;
            let refresh = get.refresh || before.refresh;
            let deadline = get.deadline.or(before.deadline);
            Ok((Command::Get(Get { refresh, deadline, ..get }), format))
        }
        _ if before.refresh => Err(mistake::of_get("--refresh")),
        _ if before.deadline.is_some() => Err(mistake::of_get("--deadline")),
        command => {
            let takes_format =
                matches!(command, Command::Erase | Command::Refresh(_) | Command::Store);
            let format = form::format(&before.form, None, takes_format)?;
            Ok((command, format))
        }
    }
}

/// The value of the first argument, if it begins with `name`.
fn value(arguments: &[OsString], name: &str) -> Option<String> {
    arguments.first()?.to_str()?.strip_prefix(name).map(str::to_owned)
}

/// Returns the profile named by `--profile` or by the link. Both may be given if they agree.
fn one_profile(option: Option<String>, linked: Option<String>) -> Result<Option<String>, Error> {
    let Some(link) = linked else { return Ok(option) };
    if !is_name(&link) {
        return Err(Error::misconfigured(
            "what follows the `@` of the link is no name of a profile",
        )
        .with_hint("call the link `api-key-helper@NAME`, with the name of a profile"));
    }
    match option {
        Some(option) if option != link => Err(Error::misconfigured(format!(
            "the link is called after profile `{link}`, and `--profile` says `{option}`"
        ))
        .with_hint("leave `--profile` out, or call `api-key-helper`")),
        _ => Ok(Some(link)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn parse(arguments: Vec<OsString>) -> Result<Parsed, Error> {
        super::parse(arguments, BACKENDS)
    }

    const BACKENDS: Backends = Backends::new(&[api_key_helper_script::REGISTRATION], &[]);

    pub(super) fn refused(arguments: &[&str]) -> Error {
        match parse(arguments.iter().map(OsString::from).collect()) {
            Err(error) => error,
            Ok(_) => panic!("{arguments:?} was understood"),
        }
    }

    #[test]
    fn command_line_definition_is_valid() {
        tree(BACKENDS).debug_assert();
    }

    #[test]
    fn get_options_need_no_get_on_the_command_line() {
        let get = |line: &str| {
            let Ok(Parsed::Call(call)) = parse(line.split(' ').map(OsString::from).collect())
            else {
                panic!("{line} is no call");
            };
            let Command::Get(get) = call.command else { panic!("{line} is no `get`") };
            (get.refresh, get.deadline.map(|deadline| deadline.as_secs()))
        };
        for (line, expected) in [
            ("--refresh", (true, None)),
            ("--deadline 5s", (false, Some(5))),
            ("--deadline=5s --refresh --format json", (true, Some(5))),
            ("--refresh --profile work", (true, None)),
            ("--refresh get", (true, None)),
            ("get --refresh --deadline 5s", (true, Some(5))),
            ("--deadline 9s get --deadline 5s", (false, Some(5))),
        ] {
            assert_eq!(get(line), expected, "{line}");
        }
        for option in ["--refresh", "--deadline=5s", "--format=json"] {
            let name = option.split('=').next().unwrap();
            let error = refused(&[option, "status"]);
            assert_eq!(error.message(), format!("`{name}` is for `get`"));
            let error = refused(&["status", option]);
            assert!(error.hint().unwrap().to_string().contains("is for `get`"), "{error:?}");
        }
    }

    #[test]
    fn front_of_another_version_is_refused() {
        let error = refused(&["--front-version=9.9.9", "get"]);
        assert!(error.message().contains("version 9.9.9"), "{error}");
    }

    #[test]
    fn profile_link_sets_the_profile() {
        let version = format!("--front-version={VERSION}");
        let with =
            |link: &'static str| [version.clone(), "--asked-at=1".to_owned(), link.to_owned()];
        let linked = |link: &'static str, rest: &[&str]| {
            let all = with(link).into_iter().chain(rest.iter().map(ToString::to_string));
            parse(all.map(OsString::from).collect())
        };
        for rest in [&[][..], &["--profile", "work"]] {
            let Ok(Parsed::Call(call)) = linked("--linked-profile=work", rest) else {
                panic!("{rest:?}");
            };
            assert_eq!(call.profile.as_deref(), Some("work"));
        }
        let error = linked("--linked-profile=work", &["--profile=home"]).err().unwrap();
        assert!(error.message().contains("`work`") && error.message().contains("`home`"));
        for link in ["--linked-profile=", "--linked-profile=Work", "--linked-profile=../a"] {
            assert!(linked(link, &[]).err().unwrap().message().contains("no name"), "{link}");
        }
    }
}
