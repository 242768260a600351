//! `status`: the profile's sources, their keys' age, when they are refreshed, and what failed last.

mod facts;
mod gather;
mod screen;

use std::io::{self, IsTerminal as _};

use api_key_helper_values::Error;

pub(crate) use self::gather::gather;
use self::screen::Screen;
use crate::cli::{Call, Status};
use crate::environment::Environment;
use crate::report::{Reporter, print, print_json};
use crate::session::{Session, now};
use crate::terminal::colours::Colours;

/// Prints it. A source that failed is no failure of this command: it is what it tells.
///
/// # Errors
/// Misconfigured, or that what is kept cannot be read.
pub(crate) async fn run(
    call: &Call,
    status: &Status,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let colours = Colours::of(&environment, io::stdout().is_terminal());
    let session = Session::open(call, environment).await?;
    let now = now(&session.clock);
    let found = gather(&session, now)?;
    reporter.warn(&session.warnings);
    reporter.warn(&session.cautions);
    if status.json {
        return print_json(&found);
    }
    print(&Screen { colours, now }.show(&found))
}
