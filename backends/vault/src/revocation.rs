//! Gives back what a source has been given.

use std::path::Path;

use api_key_helper_backend::{Error, Secret};
use api_key_helper_system::trust::quote;
use vaultrs::api::token::requests::RevokeTokenSelfRequest;

use crate::answer::Verdict;
use crate::auth::Auth;
use crate::call::Call;
use crate::client::Client;
use crate::connection::Origin;
use crate::renewal::{Lease, Token};
use crate::session::Session;
use crate::token;

/// Gives back what is ours: the token of our login, and with it all that it leased. Of a token
/// that was given to us only the lease is ours. Both may be of other settings: then they go to the
/// server that they come from.
pub(crate) async fn revoke(session: Session<'_>) -> Result<(), Error> {
    let is_others =
        |kept: &Secret| session.renewal.is_empty() && *kept != session.renewal.to_secret();
    if session.attempt.renewal().is_some_and(is_others) {
        return Err(Error::of_another_backend());
    }
    let own = &session.settings.connection;
    let Some(origin) = session.renewal.origin.clone().filter(|origin| *origin != own.origin())
    else {
        return revoke_at_origin(session, true).await;
    };
    // An origin is written as it was read from the settings.
    let connection = own.at(&origin).ok_or_else(Error::of_another_backend)?;
    let client = Client::new(&connection, session.attempt);
    let session = Session {
        settings: session.settings,
        attempt: session.attempt,
        client,
        renewal: session.renewal,
    };
    revoke_at_origin(session, false).await
}

async fn revoke_at_origin(mut session: Session<'_>, is_own: bool) -> Result<(), Error> {
    let now = session.attempt.now();
    if let Some(token) = session.renewal.token.take() {
        // What a token has leased ends with it.
        return if token.is_alive(now) { revoke_token(session, token).await } else { Ok(()) };
    }
    let Some(lease) = session.renewal.lease.as_ref().filter(|lease| lease.is_alive(now)) else {
        return Ok(());
    };
    match (&session.settings.auth, &session.renewal.origin) {
        (Auth::External { .. }, _) if is_own => {
            let token = token::current(&mut session).await?;
            revoke_lease(&mut session, &token.secret).await
        }
        (_, origin) => Err(lease_of_others(lease, origin.as_ref(), is_own)),
    }
}

async fn revoke_token(mut session: Session<'_>, token: Token) -> Result<(), Error> {
    let call = Call::to(&RevokeTokenSelfRequest {})?;
    let (verdict, answer) = session.client.call(&call, Some(&token.secret)).await?;
    match verdict {
        Verdict::Good => Ok(()),
        // A batch token cannot be revoked.
        Verdict::Refused => revoke_lease(&mut session, &token.secret).await,
        // A dead token may not do it either.
        Verdict::Forbidden
            if token.may_look_up
                && !token::look_up(&mut session, &token.secret).await?.is_alive() =>
        {
            Ok(())
        }
        _ => {
            let message = format!("vault refused to revoke the token{}", answer.because());
            Err(Error::denied(message).with_hint(
                "ask for a policy with `path \"auth/token/revoke-self\" { capabilities = \
                 [\"update\"] }`",
            ))
        }
    }
}

/// Gives the lease back.
async fn revoke_lease(session: &mut Session<'_>, token: &Secret) -> Result<(), Error> {
    let now = session.attempt.now();
    let Some(lease) = session.renewal.lease.take().filter(|lease| lease.is_alive(now)) else {
        return Ok(());
    };
    let (verdict, answer) =
        session.client.call(&Call::lease("revoke", &lease.id)?, Some(token)).await?;
    match verdict {
        Verdict::Good => Ok(()),
        // With a dead token, the lease is dead too.
        Verdict::Forbidden if !token::look_up(session, token).await?.is_alive() => Ok(()),
        // Others than Forbidden: the engine could not take the key back.
        _ => Err(Error::denied(format!(
            "vault refused to take back the lease `{}`{}",
            lease.id,
            answer.because()
        ))
        .with_hint(
            "ask for a policy with `path \"sys/leases/revoke\" { capabilities = [\"update\"] }`",
        )),
    }
}

/// The error of a lease that only a token can revoke which is none of the present settings.
fn lease_of_others(lease: &Lease, origin: Option<&Origin>, is_own: bool) -> Error {
    let server = origin.and_then(|origin| origin.addresses.first()).map_or("", String::as_str);
    let error = if is_own {
        Error::misconfigured(format!(
            "the lease of a key at `{server}` came of a given token, which is not read any more"
        ))
    } else {
        Error::misconfigured(format!(
            "the lease of a key is at `{server}`, which is not asked any more"
        ))
    };
    let namespace = origin.and_then(|origin| origin.namespace.as_deref());
    let namespace = namespace
        .map_or_else(String::new, |name| format!(" -namespace={}", quote(Path::new(name))));
    // A server has made it, and a user pastes it.
    let id = quote(Path::new(&lease.id));
    error.with_hint(format!("run `vault lease revoke -address={server}{namespace} {id}`"))
}
