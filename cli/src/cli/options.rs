//! The options of each command.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use api_key_helper_backend::RawDuration;
use api_key_helper_clients::claude_code::{KEY_VARIABLES, Scope};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::form::Form;

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// Which client's settings
    #[arg(long, value_name = "CLIENT", value_enum, default_value_t = Client::ClaudeCode)]
    pub(crate) client: Client,
    /// The MCP server whose headers have the key
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Codex's model provider, if it is not the one that its configuration chooses
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Whose settings: yours, a folder's (`project` is commonly committed, `local` is yours alone),
    /// or everybody's on this machine
    #[arg(long, value_name = "SCOPE", default_value = Scope::User.name(), value_parser = scopes())]
    pub(crate) scope: Scope,
    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back what was written
    #[arg(long)]
    pub(crate) undo: bool,
    /// Replace another program as the client's helper
    #[arg(long, conflicts_with = "undo")]
    pub(crate) force: bool,
}

/// A program whose settings can name this helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Claude Code: `apiKeyHelper`
    ClaudeCode,
    /// Claude Desktop: `inferenceCredentialHelper`
    ClaudeDesktop,
    /// Codex: the `auth` of a model provider
    Codex,
    /// An MCP server of Claude Code: `headersHelper`
    Mcp,
}

impl Client {
    /// Its name on command lines.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Codex => "codex",
            Self::Mcp => "mcp",
        }
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct Get {
    #[command(flatten)]
    pub(super) form: Form,
    /// Fetch a new key even if the cached one is fresh
    #[arg(long)]
    pub(crate) refresh: bool,
    /// The longest time to wait, such as `10s`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Refresh {
    /// Fetch another key than the one that there is since then, in Unix milliseconds
    #[arg(long, value_name = "MILLIS")]
    pub(crate) instead_of: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Run the helper even if settings in this folder decide what that does
    #[arg(long)]
    pub(crate) trust_folder: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// The variable that holds the key; may be repeated
    #[arg(long, value_name = "NAME", default_value = KEY_VARIABLES[0], value_parser = variable)]
    pub(crate) env: Vec<String>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Print the JSON lines as they are
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// Make a new key, and seal all entries anew
    #[arg(long)]
    pub(crate) rotate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The source, if it is not the profile's first one that people sign in to
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The source, if it is not the profile's first one that people sign in to
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The command that the page is about, if not the program itself
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
    /// Write the pages of the program and of all its commands into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where the key comes from; nothing is asked then
    #[arg(long, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// A setting of the source: TOML, or a text that needs no quotes; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "backend")]
    pub(crate) set: Vec<String>,
}

fn scopes() -> impl TypedValueParser<Value = Scope> {
    // Clap lets nothing else through.
    let scope = |name: String| Scope::ALL.into_iter().find(|scope| scope.name() == name);
    PossibleValuesParser::new(Scope::ALL.map(Scope::name))
        .map(move |name| scope(name).unwrap_or(Scope::User))
}

fn duration(text: &str) -> Result<Duration, String> {
    RawDuration::try_from(text.to_owned()).map(|RawDuration(duration)| duration)
}

/// A name that an environment can hold (POSIX.1-2024, 8.1).
fn variable(name: &str) -> Result<String, String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("a variable's name has no `=`, and is not empty".to_owned());
    }
    Ok(name.to_owned())
}
