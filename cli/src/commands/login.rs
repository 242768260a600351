//! `login`: signs a user in to a source.

use api_key_helper_backend::SignIn;
use api_key_helper_core::{LoggedIn, Source};
use api_key_helper_values::{Error, Moment, plain};

use crate::cli::{Call, Login};
use crate::environment::Environment;
use crate::readable::relative;
use crate::report::{Reporter, tell, visible_lines};
use crate::session::{Session, now};
use crate::terminal::Terminal;

/// Signs in, and reports the account and the expiry.
pub(crate) async fn run(
    call: &Call,
    login: &Login,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let session = Session::open(call, environment).await?;
    reporter.warn(&session.warnings);
    let source = session.source_to_sign_in_to(login.source.as_deref())?;
    sign_in(&session, &source, !login.no_browser).await
}

/// Signs in to `source` at the terminal, and reports the account and the expiry.
pub(crate) async fn sign_in(
    session: &Session,
    source: &Source,
    may_open_browser: bool,
) -> Result<(), Error> {
    let name = &source.planned.id.source;
    let terminal = Terminal::new(name, may_open_browser, &session.environment, session.clock);
    let logged_in = session.login(source, &terminal).await;
    drop(terminal);
    let (logged_in, forgotten) = logged_in?;
    Reporter.warn(&logged_in.warnings);
    tell(&visible_lines(&summary(name, &logged_in, now(&session.clock))));
    if let Err(error) = forgotten {
        Reporter.warn(&[format!("what came of the sign-in before is not all gone: {error}")]);
    }
    Ok(())
}

fn summary(source: &str, logged_in: &LoggedIn, now: Moment) -> String {
    let LoggedIn { validity, sign_in, .. } = logged_in;
    let SignIn { account, expires_at, scopes, missing_scopes, .. } =
        sign_in.clone().unwrap_or_default();
    let who = account.map_or_else(String::new, |who| format!(" as {}", plain(&who)));
    let mut text = format!("Signed in to `{source}`{who}.\n");
    let sign_in_end = expires_at.map(Moment::from);
    // Without a refresh token, or with one that lasts no longer than the key, the key cannot be
    // renewed.
    let ends_with_key =
        sign_in_end.is_some_and(|end| validity.expires_at.is_some_and(|key_end| end <= key_end));
    if let Some(end) = validity.expires_at {
        let then = if ends_with_key { "the sign-in with it" } else { "is renewed by itself" };
        text += &format!("The key ends {}, and {then}.\n", relative(end, now));
    }
    if let Some(end) = sign_in_end.filter(|_| !ends_with_key) {
        text += &format!("The sign-in ends {}.\n", relative(end, now));
    }
    if !scopes.is_empty() {
        text += &format!("Granted: {}\n", plain(&scopes.join(" ")));
    }
    if !missing_scopes.is_empty() {
        text += &format!("Not granted: {}\n", plain(&missing_scopes.join(" ")));
    }
    text
}
