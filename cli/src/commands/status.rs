//! `status`: shows the profile's sources, the age of their keys, the next refresh and the last
//! failure.

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

/// Prints the status. Failed sources do not make the command fail.
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
