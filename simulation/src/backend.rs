//! A backend for the virtual issuers.

use std::future::pending;
use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Attempt, Backend, Credential, Prompt, SecretInput};
use api_key_helper_values::{Error, ErrorKind, Key, Moment};
use async_trait::async_trait;

use crate::issuer::{Kind, Lie, Weather};
use crate::process::Process;
use crate::profile::Slot;
use crate::renewal::Renewal;

/// The connection of one process to an issuer.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) process: Process,
    pub(crate) slot: Slot,
    /// The source whose key it takes, and the name of that source.
    pub(crate) uses: Option<(Slot, String)>,
}

/// A response that is on its way.
struct Reply {
    lie: Option<Lie>,
    expires_at: Option<Moment>,
    refresh_at: Option<Moment>,
    renewal: Option<Renewal>,
}

/// A fetch in flight, which ends when this is dropped.
struct Flight<'a>(&'a Way);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.process.see().lands(self.0.slot);
    }
}

#[async_trait]
impl Backend for Way {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        let renewal = attempt.renewal().and_then(Renewal::read);
        let Self { process, slot, .. } = self;
        process.see().asks(process.pid, *slot, renewal);
        let _flight = Flight(self);
        let outcome = self.exchange(attempt, renewal).await;
        process.see().answered(process.pid, *slot, outcome.as_ref().map(drop));
        outcome
    }

    async fn login(&self, attempt: &dyn Attempt, _: &dyn Prompt) -> Result<Credential, Error> {
        let human = self.process.see().dice.pick(&[1, 20, 300]);
        self.process.wait(Duration::from_secs(human)).await;
        attempt.reserve_space().await?;
        let reply = {
            let mut universe = self.process.see();
            let weather = universe.issuers[self.slot.issuer].weather;
            // A user gives up where a program would retry.
            if !matches!(weather, Weather::Fine | Weather::Slow(_)) {
                return Err(Error::transient("the sign-in did not work"));
            }
            let renewal = universe.issuers[self.slot.issuer].log_in();
            self.reply(&mut universe, Some(renewal), None)
        };
        self.travel().await;
        self.credential(attempt, reply).await
    }

    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        let renewal = attempt.renewal().and_then(Renewal::read);
        self.travel().await;
        let mut universe = self.process.see();
        let issuer = &mut universe.issuers[self.slot.issuer];
        match (issuer.weather, renewal) {
            (Weather::Fine, Some(renewal)) => {
                issuer.end(renewal);
                Ok(())
            }
            (Weather::Fine, None) => Ok(()),
            _ => Err(Error::transient("the issuer does not take it back")),
        }
    }
}

impl Way {
    async fn exchange(
        &self,
        attempt: &dyn Attempt,
        renewal: Option<Renewal>,
    ) -> Result<Credential, Error> {
        let kind = self.process.see().issuers[self.slot.issuer].kind;
        if kind != Kind::Plain {
            attempt.reserve_space().await?;
        }
        self.take_key(attempt).await?;
        match self.ask(renewal).await {
            // Like the real backends: another process may have replaced the renewal.
            Err(error) if error.kind() == ErrorKind::NeedsLogin && renewal.is_some() => {
                match attempt.newer_renewal().await?.as_ref().and_then(Renewal::read) {
                    Some(newer) => {
                        self.process.see().sends(self.process.pid, self.slot, Some(newer));
                        self.credential(attempt, self.ask(Some(newer)).await?).await
                    }
                    None => Err(error),
                }
            }
            other => self.credential(attempt, other?).await,
        }
    }

    /// Takes the key of the used source, and another one if a key can be used only once.
    async fn take_key(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        let Self { process, slot, uses: Some((used, name)) } = self else { return Ok(()) };
        let input = SecretInput::Source(name.clone());
        let key = attempt.resolve(&input).await?;
        let is_spent = process.see().takes(process.pid, *used, &key);
        if is_spent && process.see().issuers[slot.issuer].takes_once {
            let another = attempt.resolve_again(&input, &key).await?;
            if process.see().takes(process.pid, *used, &another) {
                return Err(Error::denied("that was taken before"));
            }
        }
        Ok(())
    }

    /// Sends one request, and returns the response.
    async fn ask(&self, renewal: Option<Renewal>) -> Result<Reply, Error> {
        self.travel().await;
        let weather = self.process.see().issuers[self.slot.issuer].weather;
        match weather {
            Weather::Fails(kind, retry_after) => {
                let error = Error::new(kind, "the issuer fails");
                return Err(match retry_after {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                });
            }
            Weather::Hangs => pending().await,
            Weather::Slow(time) => self.process.wait(time).await,
            _ => {}
        }
        let reply = {
            let mut universe = self.process.see();
            let lie = if let Weather::Lies(lie) = weather { Some(lie) } else { None };
            let renewed = universe.issuers[self.slot.issuer].redeem(renewal);
            renewed.map(|renewal| self.reply(&mut universe, renewal, lie))
        };
        if weather == Weather::LosesAnswers {
            pending::<()>().await;
        }
        self.travel().await;
        reply
    }

    /// Saves the renewal at once, as every backend must.
    async fn credential(&self, attempt: &dyn Attempt, reply: Reply) -> Result<Credential, Error> {
        let Self { process, slot, .. } = self;
        let Reply { lie, expires_at, refresh_at, renewal } = reply;
        let kind = process.see().issuers[slot.issuer].kind;
        let mut returned = None;
        if let Some(renewal) = renewal {
            process.see().receives(process.pid, *slot, renewal);
            // Some backends also return the renewal that they have saved.
            if kind == Kind::Lasting || process.see().dice.one_in(2) {
                returned = Some(renewal.secret());
            }
            if kind != Kind::Lasting {
                attempt.store_renewal(&renewal.secret()).await?;
                process.see().keeps(process.pid, *slot, renewal);
            }
        }
        if process.see().issuers[slot.issuer].weather == Weather::BreaksOff {
            self.travel().await;
            return Err(Error::transient("the issuer breaks off"));
        }
        let key = process.see().delivers(process.pid, *slot, expires_at, lie);
        let name = format!("key-{key}");
        let key = Key::parse(&name).map_err(|error| Error::transient(error.to_string()))?;
        Ok(Credential::new(key)
            .with_expires_at(expires_at.map(SystemTime::from))
            .with_refresh_at(refresh_at.map(SystemTime::from))
            .with_renewal(returned))
    }

    fn reply(
        &self,
        universe: &mut crate::universe::Universe,
        renewal: Option<Renewal>,
        lie: Option<Lie>,
    ) -> Reply {
        let now = universe.clock.truth();
        let life = universe.issuers[self.slot.issuer].life;
        let expires_at = match lie {
            Some(Lie::NoEnd) => None,
            Some(Lie::PastEnd) => Some(now.minus(Duration::from_secs(5))),
            _ => life.map(|life| now.plus(life)),
        };
        let refresh_at = match lie {
            Some(Lie::PastRefresh) => Some(now.minus(Duration::from_secs(60))),
            _ if universe.dice.one_in(4) => life.map(|life| now.plus(life / 2)),
            _ => None,
        };
        Reply { lie, expires_at, refresh_at, renewal }
    }

    async fn travel(&self) {
        let time = {
            let mut universe = self.process.see();
            universe.dice.up_to(Duration::from_millis(20))
        };
        self.process.wait(time).await;
    }
}
