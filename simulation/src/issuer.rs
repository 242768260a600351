//! Where keys come from: what an issuer knows, and what it does when it is asked.

use std::time::Duration;

use api_key_helper_values::{Error, ErrorKind};

use crate::renewal::Renewal;

/// How an issuer deals with renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There are none.
    Plain,
    /// They come of a login alone, and each is good for once (RFC 9700, section 4.14.2).
    Rotating {
        /// Whether one that comes a second time ends the login.
        reuse_revokes: bool,
    },
    /// Without one, whoever asks is given one; it does not change.
    Lasting,
}

/// What an issuer does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Fine,
    Slow(Duration),
    Fails(ErrorKind, Option<Duration>),
    /// Never answers.
    Hangs,
    /// Does what it is asked, and the answer gets lost.
    LosesAnswers,
    /// Fails once it has renewed.
    BreaksOff,
    Lies(Lie),
}

/// What is wrong with an answer.
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
    /// How long its keys live; `None` where it does not say.
    pub(crate) life: Option<Duration>,
    /// Whether its answers depend on an environment variable.
    pub(crate) reads_environment: bool,
    /// Whether it takes the key of another source only once.
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

    /// Takes `renewal` and gives the next one, where there is a next one.
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

    /// Whether `renewal` is good.
    pub(crate) fn takes(&self, renewal: Renewal) -> bool {
        self.families
            .get(renewal.family)
            .is_some_and(|family| !family.is_revoked && family.generation == renewal.generation)
    }

    pub(crate) fn log_in(&mut self) -> Renewal {
        self.families.push(Family { generation: 0, is_revoked: false });
        Renewal { family: self.families.len() - 1, generation: 0 }
    }

    /// Somebody gives a login back.
    pub(crate) fn end(&mut self, renewal: Renewal) {
        if let Some(family) = self.families.get_mut(renewal.family) {
            family.is_revoked = true;
        }
    }

    /// An administrator ends all logins.
    pub(crate) fn revoke(&mut self) {
        self.families.iter_mut().for_each(|family| family.is_revoked = true);
    }
}
