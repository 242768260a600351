//! `status`: the profile's sources, their keys' age, when they are refreshed, and what failed last.

mod facts;
mod gather;
mod outlook;
mod screen;

use std::io::{self, IsTerminal as _};

use api_key_helper_core::Error;

pub(crate) use self::gather::gather;
use self::screen::Screen;
use crate::cli::{Call, Status};
use crate::colours::Colours;
use crate::environment::Environment;
use crate::report::{Reporter, print};
use crate::session::{Session, now};

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
        let json = serde_json::to_string_pretty(&found).unwrap_or_default();
        return print(&(json + "\n"));
    }
    print(&Screen { colours, now }.show(&found))
}
