//! The keys that a program is run with, one after the other.

use std::time::Duration;

use api_key_helper_core::engine::{Clock as _, Demand, Outcome};
use api_key_helper_core::{Error, Key, Moment};

use crate::cli::Call;
use crate::environment::Environment;
use crate::session::{Session, now};
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
    /// When the helper would do something else than to give it.
    ask_again_at: Moment,
}

impl Keys<'_> {
    /// The key as it is now, within the profile's deadline, of which `watch` is told; what that gives is
    /// kept until then.
    ///
    /// A program keeps the key that it was started with. So what `get` would refresh behind its
    /// answer is refreshed before it.
    ///
    /// # Errors
    /// As `get`.
    pub(super) async fn current<W>(
        &self,
        watch: impl FnOnce(Duration) -> W,
    ) -> Result<Current, Error> {
        let session = Session::open(self.call, self.environment.clone()).await?;
        let deadline = session.profile.deadline;
        let _watched = watch(deadline);
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
        let (policy, now) = (&session.profile.policy, now(&session.clock));
        let ask_again_at = policy.ask_again_at(&answer.validity, session.hold(), now);
        if !session.warnings.is_empty() {
            warnings = session.warnings;
        }
        Ok(Current { key: answer.key, warnings, ask_again_at })
    }

    /// Waits for another key than that of `held`. `complain` is told why none can be had, each time
    /// that the reason is another one.
    pub(super) async fn newer(&self, held: &Current, complain: impl Fn(&Error)) -> Current {
        let clock = MachineClock::start();
        let mut ask_again_at = held.ask_again_at;
        let mut complaint = None;
        loop {
            clock.sleep(pause(ask_again_at, clock.now())).await;
            match self.current(|_| {}).await {
                Ok(current) if current.key != held.key => return current,
                Ok(same) => (ask_again_at, complaint) = (same.ask_again_at, None),
                Err(error) if complaint.as_ref() == Some(&error) => {}
                Err(error) => {
                    complain(&error);
                    complaint = Some(error);
                }
            }
        }
    }
}

/// How long to wait before the next look. Until then others may replace the key too: `get --refresh`,
/// or a client whose key was refused. When there is no other one, the source's own pause says whether
/// it is asked again.
fn pause(ask_again_at: Moment, now: Moment) -> Duration {
    let left = ask_again_at.since(now);
    if left.is_zero() { BETWEEN_LOOKS } else { left.min(BETWEEN_LOOKS) }
}

/// A look reads a few small files.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_look_is_soon_and_never_at_once() {
        let now = Moment::from_unix_millis(1_000_000);
        for (left, seconds) in [(3, 3), (3_600, 5), (0, 5)] {
            let ask_again_at = now.plus(Duration::from_secs(left));
            assert_eq!(pause(ask_again_at, now), Duration::from_secs(seconds), "{left}");
        }
        assert_eq!(pause(now.minus(BETWEEN_LOOKS), now), BETWEEN_LOOKS);
    }
}
