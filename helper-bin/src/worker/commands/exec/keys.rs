//! The keys that a program is run with, one after the other.

use std::time::Duration;

use api_key_helper_core::engine::{Answer, Clock as _, Demand, Outcome};
use api_key_helper_core::{Error, Key, Moment};

use crate::cli::Call;
use crate::environment::Environment;
use crate::session::Session;
use crate::world::MachineClock;

/// Where they come from.
pub(super) struct Keys<'a> {
    pub(super) call: &'a Call,
    pub(super) environment: &'a Environment,
}

/// A key to run a program with.
pub(super) struct Current {
    pub(super) key: Key,
    /// What a person should know about it.
    pub(super) warnings: Vec<String>,
    /// When it is to be replaced; `None` where it could not be kept.
    fresh_until: Option<Moment>,
}

impl Keys<'_> {
    /// The key as it is now, within the profile's deadline, of which `watch` is told.
    ///
    /// A program keeps the key that it was started with. So what `get` would refresh behind its
    /// answer is refreshed before it.
    ///
    /// # Errors
    /// As `get`.
    pub(super) async fn current(&self, watch: impl FnOnce(Duration)) -> Result<Current, Error> {
        let session = Session::open(self.call, self.environment.clone()).await?;
        let deadline = session.profile.deadline;
        watch(deadline);
        let asked = session.get(Demand::Printable, deadline);
        let (Outcome { answer, mut warnings }, ()) = tokio::join!(asked, session.write_plan());
        let mut answer = answer?;
        if answer.refresh {
            let next = session.get(Demand::Fresh, deadline).await;
            // Where nobody gives another one, this one may be used.
            if let Ok(newer) = next.answer {
                (answer, warnings) = (newer, next.warnings);
            }
        }
        let fresh_until = fresh_until(&session, &answer);
        if !session.warnings.is_empty() {
            warnings = session.warnings;
        }
        Ok(Current { key: answer.key, warnings, fresh_until })
    }

    /// Waits for another key than that of `held`. `complain` is told why none can be had, each time
    /// that the reason is another one.
    pub(super) async fn newer(&self, held: &Current, complain: impl Fn(&Error)) -> Current {
        let clock = MachineClock::start();
        let mut fresh_until = held.fresh_until;
        let mut complaint = None;
        loop {
            clock.sleep(pause(fresh_until, clock.now())).await;
            match self.current(|_| {}).await {
                Ok(current) if current.key != held.key => return current,
                Ok(same) => (fresh_until, complaint) = (same.fresh_until, None),
                Err(error) if complaint.as_ref() == Some(&error) => {}
                Err(error) => {
                    complain(&error);
                    complaint = Some(error);
                }
            }
        }
    }
}

fn fresh_until(session: &Session, answer: &Answer) -> Option<Moment> {
    let source = session.sources.iter().find(|source| source.planned.id.source == answer.source)?;
    let validity = session.cached(source)?.validity;
    Some(session.profile.policy.bounds(&validity, session.hold()).fresh_until)
}

/// How long to wait before the next look. While a key is fresh, others may replace it too: `get
/// --refresh`, or a client whose key was refused. Once it is no longer fresh and there is none other,
/// the source's own pause says whether it is asked again.
fn pause(fresh_until: Option<Moment>, now: Moment) -> Duration {
    match fresh_until.map(|until| until.since(now)) {
        Some(left) if !left.is_zero() => left.min(BETWEEN_LOOKS),
        _ => BETWEEN_LOOKS,
    }
}

/// A look reads a few small files.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_look_is_at_the_end_of_the_freshness_or_soon() {
        let now = Moment::from_unix_millis(1_000_000);
        let in_seconds = |seconds| Some(now.plus(Duration::from_secs(seconds)));
        let rows = [(in_seconds(3), 3), (in_seconds(3_600), 5), (in_seconds(0), 5), (None, 5)];
        for (fresh_until, seconds) in rows {
            assert_eq!(pause(fresh_until, now), Duration::from_secs(seconds), "{fresh_until:?}");
        }
        assert_eq!(pause(Some(now.minus(BETWEEN_LOOKS)), now), BETWEEN_LOOKS);
    }
}
