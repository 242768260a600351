//! Reads the key, or extends the lease of the one that there is.

use std::time::SystemTime;

use api_key_helper_backend::{Credential, Error, Key, Secret, redact};

use crate::answer::{Answer, Verdict};
use crate::auth::Auth;
use crate::call::Call;
use crate::renewal::{Lease, end};
use crate::session::Session;
use crate::token::{self, ActiveToken};

/// Reads the key with a token that lives, and logs in once more at most.
pub(crate) async fn fetch(mut session: Session<'_>) -> Result<Credential, Error> {
    let credential = read(&mut session).await;
    // A server may name a field after what it was sent.
    credential.map_err(|error| redact::in_error(error, session.client.sent()))
}

async fn read(session: &mut Session<'_>) -> Result<Credential, Error> {
    let target = &session.settings.target;
    let mut token = token::current(session).await?;
    loop {
        if let Some(credential) = extend_lease(session, &token).await? {
            return Ok(session.finish(credential));
        }
        let asked_at = session.attempt.now();
        let (verdict, answer) = session.client.call(&target.call()?, Some(&token.secret)).await?;
        match verdict {
            Verdict::Good => {
                let credential = read_key(session, &answer, asked_at, &token).await?;
                return Ok(session.finish(credential));
            }
            // A second time, the token is fresh, and this is an error.
            Verdict::Forbidden => token = token::replace(session, token, &answer).await?,
            other => return Err(target.refusal(other, &answer)),
        }
    }
}

/// The key that we have, if its lease can be extended by about as much as it was given for. When it
/// cannot, it is near its `max_ttl`, and a new key is read. The old lease is left to expire, for
/// the old key may still be in use. A caller that wants another key is not served by a longer lease
/// of this one.
async fn extend_lease(
    session: &mut Session<'_>,
    token: &ActiveToken,
) -> Result<Option<Credential>, Error> {
    let asked_at = session.attempt.now();
    let lease = session.renewal.lease.take().filter(|lease| {
        lease.renewable && lease.is_alive(asked_at) && !session.attempt.wants_another_key()
    });
    let Some(mut lease) = lease else { return Ok(None) };
    let call = Call::lease("renew", &lease.id)?;
    let (verdict, answer) = session.client.call(&call, Some(&token.secret)).await?;
    let (Verdict::Good, Ok(key)) = (verdict, Key::parse(lease.key.expose())) else {
        return Ok(None);
    };
    let content = answer.content()?;
    let extended = content.lease_duration()?;
    if extended < lease.granted / 2 {
        return Ok(None);
    }
    lease.renewable = content.renewable();
    lease.expires_at = end(asked_at, extended);
    let expires_at = end_of_lease(session, &lease, token).await?;
    session.renewal.lease = Some(lease);
    Ok(Some(Credential::new(key).with_expires_at(expires_at)))
}

/// The key in a good answer, with its end if it is lent.
async fn read_key(
    session: &mut Session<'_>,
    answer: &Answer,
    asked_at: SystemTime,
    token: &ActiveToken,
) -> Result<Credential, Error> {
    let mut credential = Credential::new(session.settings.target.key(answer)?);
    let content = answer.content()?;
    let granted = content.lease_duration();
    let Some(id) = content.lease_id() else {
        // KV version 1 says by a `ttl` field when to look again; it takes nothing back.
        credential.refresh_at = end(asked_at, granted.unwrap_or_default());
        return Ok(credential);
    };
    let granted = granted?;
    let lease = Lease {
        id,
        key: Secret::from(credential.key.expose()),
        granted,
        expires_at: end(asked_at, granted),
        renewable: content.renewable(),
    };
    credential.expires_at = end_of_lease(session, &lease, token).await?;
    session.renewal.lease = Some(lease);
    session.mark_origin();
    Ok(credential)
}

/// A lease ends with the token that made it (`<https://openbao.org/docs/concepts/lease/>`).
async fn end_of_lease(
    session: &mut Session<'_>,
    lease: &Lease,
    token: &ActiveToken,
) -> Result<Option<SystemTime>, Error> {
    let token = match &session.settings.auth {
        Auth::Login(_) => session.renewal.token.as_ref().and_then(|token| token.expires_at),
        Auth::External { .. } => token::look_up(session, &token.secret).await?.expires_at(),
    };
    Ok([lease.expires_at, token].into_iter().flatten().min())
}
