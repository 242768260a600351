//! Keys that are lent: dynamic secrets.

use std::time::{Duration, SystemTime};

use api_key_helper_core::{Credential, Error, Key, Secret};
use serde_json::json;

use crate::answer::{Answer, Verdict};
use crate::auth::Auth;
use crate::call::{Call, Plain};
use crate::renewal::Lease;
use crate::session::Session;
use crate::token::{InUse, end};

impl Session<'_> {
    /// The key that we have, if its lease can be extended by about as much as it was given for.
    /// When it cannot, it is near its `max_ttl`, and a new key is read. The old lease is left to
    /// its end, for somebody may still use the old key. Whoever wants another key is not helped by a
    /// longer lease of this one.
    pub(crate) async fn extended_lease(
        &mut self,
        token: &InUse,
    ) -> Result<Option<Credential>, Error> {
        let asked_at = self.request.now();
        let lease = self.renewal.lease.take().filter(|lease| {
            lease.renewable && lease.is_alive(asked_at) && !self.request.wants_another_key()
        });
        let Some(mut lease) = lease else { return Ok(None) };
        let call = lease_call("renew", &lease)?;
        let (verdict, answer) = self.client.call(&call, Some(&token.secret)).await?;
        let (Verdict::Good, Ok(key)) = (verdict, Key::parse(lease.key.expose())) else {
            return Ok(None);
        };
        let content = answer.content()?;
        let extended = Duration::from_secs(content.lease_duration);
        if extended < lease.granted / 2 {
            return Ok(None);
        }
        lease.renewable = content.renewable;
        lease.expires_at = end(asked_at, extended);
        let expires_at = self.end_of_lease(&lease, token).await?;
        self.renewal.lease = Some(lease);
        Ok(Some(Credential { expires_at, ..Credential::new(key) }))
    }

    /// The key in a good answer, with its end if it is lent.
    pub(crate) async fn read_key(
        &mut self,
        answer: &Answer,
        asked_at: SystemTime,
        token: &InUse,
    ) -> Result<Credential, Error> {
        let mut credential = Credential::new(self.settings.target.key(answer)?);
        let content = answer.content()?;
        let granted = Duration::from_secs(content.lease_duration);
        if content.lease_id.is_empty() {
            // KV version 1 says by a `ttl` field when to look again; it takes nothing back.
            credential.refresh_at = end(asked_at, granted);
            return Ok(credential);
        }
        let lease = Lease {
            id: content.lease_id.into_owned(),
            key: Secret::from(credential.key.expose()),
            granted,
            expires_at: end(asked_at, granted),
            renewable: content.renewable,
        };
        credential.expires_at = self.end_of_lease(&lease, token).await?;
        self.renewal.lease = Some(lease);
        Ok(credential)
    }

    /// A lease ends with the token that made it (`<https://openbao.org/docs/concepts/lease/>`).
    async fn end_of_lease(
        &mut self,
        lease: &Lease,
        token: &InUse,
    ) -> Result<Option<SystemTime>, Error> {
        let token = match &self.settings.auth {
            Auth::Login(_) => self.renewal.token.as_ref().and_then(|token| token.expires_at),
            Auth::Given { .. } => self.end_of(&token.secret).await?.flatten(),
        };
        Ok([lease.expires_at, token].into_iter().flatten().min())
    }

    /// Gives the lease back.
    pub(crate) async fn revoke_lease(&mut self, token: &Secret) -> Result<(), Error> {
        let now = self.request.now();
        let Some(lease) = self.renewal.lease.take().filter(|lease| lease.is_alive(now)) else {
            return Ok(());
        };
        let (verdict, answer) =
            self.client.call(&lease_call("revoke", &lease)?, Some(token)).await?;
        // With a dead token, the lease is dead too.
        if verdict == Verdict::Forbidden && self.end_of(token).await?.is_some() {
            return Err(Error::denied(format!(
                "vault refused to take back the lease `{}`{}",
                lease.id,
                answer.because()
            ))
            .with_hint(
                "ask for a policy with `path \"sys/leases/revoke\" { capabilities = [\"update\"] }`",
            ));
        }
        Ok(())
    }
}

impl Lease {
    fn is_alive(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// `<https://openbao.org/api-docs/system/leases/>`
fn lease_call(what: &str, lease: &Lease) -> Result<Call, Error> {
    Call::to(&Plain { path: format!("sys/leases/{what}"), body: json!({ "lease_id": lease.id }) })
}
