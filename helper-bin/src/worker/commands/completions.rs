//! `completions`: what a shell needs to complete our command line.

use api_key_helper_core::Error;
use clap::CommandFactory as _;

use crate::cli::{Cli, Completions};
use crate::report::print;

/// Prints the completions of one shell.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn run(completions: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    let mut tree = Cli::command();
    clap_complete::generate(completions.shell, &mut tree, "api-key-helper", &mut script);
    print(&String::from_utf8_lossy(&script))
}
