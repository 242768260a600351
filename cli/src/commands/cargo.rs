//! Cargo's credential protocol: one line for each request, until stdin ends.

use api_key_helper_formats::FormatName;
use api_key_helper_formats::cargo::{
    HELLO, Operation, Registry, Request, logged_out, not_for_us, not_supported,
};
use api_key_helper_formats::{Ask, refusal as refused};
use api_key_helper_values::Error;

use crate::answering::{self, refusal};
use crate::cli::{Call, Command};
use crate::environment::Environment;
use crate::report::{Reporter, print};
use crate::session::Session;
use crate::stdin;

/// Answers Cargo's requests. Errors are sent to Cargo; only a failure to write ends the
/// conversation.
pub(crate) async fn run(
    call: &Call,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    print(HELLO)?;
    loop {
        let line = stdin::line().await?;
        if line.is_empty() {
            return Ok(());
        }
        let answered = answer(call, &line, environment.clone(), reporter).await;
        if let Err(error) = answered {
            print(&refused(FormatName::Cargo, &error).unwrap_or_default())?;
        }
    }
}

async fn answer(
    call: &Call,
    line: &[u8],
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let Request { operation, arguments } = Request::parse(line)?;
    let (registry, is_logout) = match operation {
        Operation::Get(registry) => (registry, false),
        Operation::Logout(registry) => (registry, true),
        Operation::Other => return print(&not_supported()),
    };
    let call = &call.with_arguments(&arguments)?;
    let Command::Get(get) = &call.command else { return Err(another_command()) };
    let answered = async {
        let session = Session::open(call, environment).await?;
        if is_logout {
            return log_out(&session, registry).await;
        }
        match answering::answer(&session, call, get, &Ask::Cargo(registry)).await? {
            Some(answered) => answered.give(&session, call, reporter),
            None => print(&not_for_us()),
        }
    };
    answered.await.map_err(|error| call.advise(error))
}

fn another_command() -> Error {
    Error::misconfigured("cargo wants a token, and its arguments name another command")
        .with_hint("leave the command out of `credential-provider` in cargo's configuration")
}

/// Makes the next `get` fetch another key than the cached one.
async fn log_out(session: &Session, registry: Registry) -> Result<(), Error> {
    let ask = Ask::Cargo(registry);
    if !ask.is_for(&session.profile.name, &session.profile.format)? {
        return print(&not_for_us());
    }
    if let Some(found) = session.on_disk().await? {
        refusal::report(session, &ask, found.key_id);
    }
    print(&logged_out())
}
