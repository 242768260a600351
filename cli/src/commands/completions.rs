//! `completions`: prints a completion script for a shell.

use api_key_helper_values::Error;
use clap::Command;

use crate::backends::Backends;
use crate::cli::{Call, Completions, tree};
use crate::report::print;

pub(crate) fn run(call: &Call, completions: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut visible(call.backends), NAME, &mut script);
    let script = String::from_utf8_lossy(&script);
    // In bash scripts, a name with hyphens is written in two ways (clap issue 6421). Without this,
    // nothing behind a command would be completed.
    print(&script.replace(&NAME.replace('-', "__subcmd__"), &NAME.replace('-', "__")))
}

/// The command tree without hidden commands, which bash would complete.
fn visible(backends: Backends) -> Command {
    let tree = tree(backends);
    let commands = tree.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new(NAME)
        .version(crate::cli::VERSION)
        .disable_help_subcommand(true)
        .args(tree.get_arguments())
        .subcommands(commands)
}

const NAME: &str = "api-key-helper";
