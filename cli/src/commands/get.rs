//! `get`: prints the key in the format of its client.

use api_key_helper_formats::{Ask, FormatName, refusal};
use api_key_helper_values::Error;
use zeroize::Zeroizing;

use crate::cli::{Call, Get};
use crate::environment::Environment;
use crate::report::{Reporter, print};
use crate::session::Session;
use crate::{answering, stdin};

/// Prints the key. If the client reads errors on stdout, prints the error there.
pub(crate) async fn run(
    call: &Call,
    get: &Get,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    // Until the configuration is read, only the command line names the format.
    let mut format = call.format.unwrap_or_default();
    let answered = answer(call, get, environment, reporter, &mut format).await;
    let Err(error) = answered else { return Ok(()) };
    refusal(format, &call.advise(error.clone())).map_or(Err(error), |text| print(&text))
}

async fn answer(
    call: &Call,
    get: &Get,
    environment: Environment,
    reporter: &Reporter,
    format: &mut FormatName,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    *format = session.format;
    let lines = match session.format {
        FormatName::Git => stdin::lines(answering::deadline(&session, get)?).await?,
        _ => Zeroizing::default(),
    };
    let ask = Ask::read(session.format, &|name| session.environment.variable(name), &lines)?;
    match answering::answer(&session, call, get, &ask).await? {
        Some(answered) => answered.give(&session, call, reporter),
        // Git asks the next helper.
        None => Ok(()),
    }
}
