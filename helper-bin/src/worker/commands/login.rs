//! `login`: a human signs in, once.

use api_key_helper_core::engine::LoggedIn;
use api_key_helper_core::{Error, Moment, SignIn};

use crate::cli::{Call, Login};
use crate::environment::Environment;
use crate::report::{Reporter, tell};
use crate::session::{Session, now};
use crate::terminal::{Terminal, printable};
use crate::written::relative;

/// Signs in, and says who did and until when.
///
/// # Errors
/// What the provider says, or that the sign-in cannot be kept.
pub(crate) async fn run(
    call: &Call,
    login: &Login,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment)?;
    reporter.warn(&session.warnings);
    let source = session.source_to_sign_in_to(login.source.as_deref())?;
    let name = source.planned.id.source.clone();
    let terminal = Terminal::new(&name, !login.no_browser, &session.environment, session.clock);
    let logged_in = session.login(&source, &terminal).await;
    drop(terminal);
    tell(&summary(&name, &logged_in?, now(&session.clock)));
    Ok(())
}

fn summary(source: &str, logged_in: &LoggedIn, now: Moment) -> String {
    let LoggedIn { validity, sign_in } = logged_in;
    let SignIn { account, expires_at, scopes, missing_scopes } =
        sign_in.clone().unwrap_or_default();
    let who = account.map_or_else(String::new, |who| format!(" as {}", printable(&who)));
    let mut text = format!("Signed in to `{source}`{who}.\n");
    if let Some(end) = validity.expires_at {
        text += &format!("The key ends {}, and is renewed by itself.\n", relative(end, now));
    }
    if let Some(end) = expires_at.map(Moment::from) {
        text += &format!("The sign-in ends {}.\n", relative(end, now));
    }
    if !scopes.is_empty() {
        text += &format!("Granted: {}\n", printable(&scopes.join(" ")));
    }
    if !missing_scopes.is_empty() {
        text += &format!("Not granted: {}\n", printable(&missing_scopes.join(" ")));
    }
    text
}
