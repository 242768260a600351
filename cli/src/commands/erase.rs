//! `erase`: git reports that a server refused a key.

use api_key_helper_formats::{Ask, Description, FormatName};
use api_key_helper_values::Error;

use crate::answering::{self, refusal};
use crate::cli::Call;
use crate::environment::Environment;
use crate::session::Session;
use crate::stdin;

/// Records the refusal if it is about the cached key. Git sends every refused credential to each of
/// its helpers.
pub(crate) async fn run(call: &Call, environment: Environment) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    if session.format != FormatName::Git {
        return Err(not_gits());
    }
    let description = Description::parse(&stdin::lines(answering::patience(&session)).await?)?;
    let found = session.on_disk().await?.filter(|found| description.has(&found.key));
    let ask = Ask::Git(description);
    if let Some(found) = found
        && ask.is_for(&session.profile.name, &session.profile.format)?
    {
        refusal::report(&session, &ask, found.key_id);
    }
    Ok(())
}

fn not_gits() -> Error {
    Error::misconfigured("`erase` is a word of git's, and the format is not `git`")
        .with_hint("say `--format git`, or drop keys by `api-key-helper logout`")
}
