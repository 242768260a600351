//! The issuers of keys: their state and their behaviour.

use std::time::Duration;

use api_key_helper_values::{Error, ErrorKind};

use crate::renewal::Renewal;

/// The way in which an issuer handles renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has none.
    Plain,
    /// Renewals come from a login, and each can be used once (RFC 9700, section 4.14.2).
    Rotating {
        /// The second use of a renewal revokes the login.
        reuse_revokes: bool,
    },
    /// A request without a renewal gets one, which does not change.
    Lasting,
}

/// The current behaviour of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Fine,
    Slow(Duration),
    Fails(ErrorKind, Option<Duration>),
    /// Never answers.
    Hangs,
    /// Processes the request, and loses the response.
    LosesAnswers,
    /// Fails after it has rotated the renewal.
    BreaksOff,
    Lies(Lie),
}

/// The fault of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    NoEnd,
    PastEnd,
    PastRefresh,
    SameKey,
}

#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) kind: Kind,
    pub(crate) weather: Weather,
    /// The lifetime of its keys; `None` if it reports none.
    pub(crate) life: Option<Duration>,
    /// Its responses depend on an environment variable.
    pub(crate) reads_environment: bool,
    /// It accepts a key of another source only once.
    pub(crate) takes_once: bool,
    /// The logins, by their numbers.
    families: Vec<Family>,
}

#[derive(Debug)]
struct Family {
    generation: u32,
    is_revoked: bool,
}

impl Issuer {
    pub(crate) const fn new(kind: Kind, life: Option<Duration>, reads_environment: bool) -> Self {
        Self {
            kind,
            weather: Weather::Fine,
            life,
            reads_environment,
            takes_once: false,
            families: Vec::new(),
        }
    }

    /// Accepts `renewal`, and returns the next one if there is one.
    pub(crate) fn redeem(&mut self, renewal: Option<Renewal>) -> Result<Option<Renewal>, Error> {
        match self.kind {
            Kind::Plain => Ok(None),
            Kind::Lasting if renewal.is_some_and(|renewal| self.takes(renewal)) => Ok(None),
            Kind::Lasting => Ok(Some(self.log_in())),
            Kind::Rotating { reuse_revokes } => {
                let renewal = renewal.ok_or_else(|| Error::needs_login("nobody has signed in"))?;
                let takes = self.takes(renewal);
                let Some(family) = self.families.get_mut(renewal.family) else {
                    return Err(Error::needs_login("an unknown sign-in"));
                };
                if !takes {
                    family.is_revoked |= reuse_revokes;
                    return Err(Error::needs_login("the sign-in has ended"));
                }
                family.generation += 1;
                Ok(Some(Renewal { generation: family.generation, ..renewal }))
            }
        }
    }

    /// Returns whether `renewal` is valid.
    pub(crate) fn takes(&self, renewal: Renewal) -> bool {
        self.families
            .get(renewal.family)
            .is_some_and(|family| !family.is_revoked && family.generation == renewal.generation)
    }

    pub(crate) fn log_in(&mut self) -> Renewal {
        self.families.push(Family { generation: 0, is_revoked: false });
        Renewal { family: self.families.len() - 1, generation: 0 }
    }

    /// Revokes a login, as a logout does.
    pub(crate) fn end(&mut self, renewal: Renewal) {
        if let Some(family) = self.families.get_mut(renewal.family) {
            family.is_revoked = true;
        }
    }

    /// Revokes all logins, as an administrator does.
    pub(crate) fn revoke(&mut self) {
        self.families.iter_mut().for_each(|family| family.is_revoked = true);
    }
}
