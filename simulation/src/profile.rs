//! What a configuration says, at one time.

use std::sync::Arc;
use std::time::Duration;

use api_key_helper_cache::{CachedKey, Entry, EntryId, Failure, PlannedSource, Policy, View};
use api_key_helper_core::policy_of_used;
use api_key_helper_values::{Fingerprint, Moment};

use crate::chance::Dice;
use crate::issuer::{Issuer, Kind};
use crate::seal::Checked;

/// The variable that some sources read.
pub(crate) const VARIABLE: &str = "TENANT";
/// Its values.
pub(crate) const ENVIRONMENTS: [&str; 2] = ["one", "two"];

/// A profile, as one configuration file had it.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) policy: Policy,
    pub(crate) hold: Duration,
    pub(crate) deadline: Duration,
    pub(crate) sources: Vec<Settings>,
    /// Those that only others use, each after those that it uses itself.
    pub(crate) used: Vec<Settings>,
}

/// An issuer's settings: as often as these change, the source has another fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) issuer: usize,
    pub(crate) settings: u64,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) slot: Slot,
    pub(crate) planned: PlannedSource,
    pub(crate) entry_file: String,
    pub(crate) failure_file: String,
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) lifetime: Option<Duration>,
    /// Whose key it takes.
    pub(crate) uses: Option<Slot>,
}

/// The terms on which a key is judged, and the time.
pub(crate) struct Terms<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) hold: Duration,
    pub(crate) now: Moment,
}

impl Settings {
    /// The view of the source that the rule is given: all that `read` finds in its files.
    pub(crate) fn view<B: AsRef<[u8]>>(
        &self,
        terms: &Terms<'_>,
        environment: &'static str,
        read: impl Fn(&str) -> Option<B>,
    ) -> View {
        let PlannedSource { id, variables } = &self.planned;
        let variable = |name: &str| (name == VARIABLE).then(|| environment.into());
        let entry = read(&self.entry_file)
            .and_then(|bytes| Entry::decode(bytes.as_ref(), id, &Checked))
            .filter(|entry| entry.environment.stands(variables, &variable));
        let failure = read(&self.failure_file)
            .and_then(|bytes| Failure::decode(bytes.as_ref()))
            .filter(|failure| failure.stands(variables, &variable));
        View {
            key: entry
                .and_then(|entry| CachedKey::of(&entry, id, terms.policy, terms.hold, terms.now)),
            failure: failure.as_ref().map(Failure::last),
            ..View::default()
        }
    }
}

impl Profile {
    /// The profile as somebody writes it for the `number`th time.
    pub(crate) fn draw(number: u64, issuers: &[Issuer], dice: &mut Dice) -> Arc<Self> {
        let mut sources: Vec<Settings> = (0..issuers.len())
            .map(|issuer| Settings::draw(issuer, number, &issuers[issuer], dice))
            .collect();
        // Not always all of them, nor the same one first.
        if dice.one_in(2) {
            sources.rotate_left(1);
        }
        sources.truncate(1 + dice.index(sources.len()));
        let used = chain(&mut sources, issuers, dice);
        Arc::new(Self {
            policy: Policy {
                ttl: seconds(dice.pick(&[0, 30, 300, 3_600, 3_600])),
                ttl_jitter: dice.pick(&[0.0, 0.1, 0.5, 1.0]),
                refresh_window: seconds(dice.pick(&[0, 30, 600])),
                stale_while_revalidate: seconds(dice.pick(&[0, 10, 600, 600])),
                stale_if_error: seconds(dice.pick(&[0, 60, 86_400])),
            },
            hold: seconds(dice.pick(&[0, 0, 10, 300, 3_600])),
            deadline: seconds(dice.pick(&[1, 5, 10])),
            sources,
            used,
        })
    }

    /// All that are asked, each after those that it uses.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Settings> {
        self.used.iter().chain(&self.sources)
    }

    pub(crate) fn settings(&self, slot: Slot) -> Option<&Settings> {
        self.all().find(|settings| settings.slot == slot)
    }

    /// The source that takes the key of `slot`.
    pub(crate) fn user_of(&self, slot: Slot) -> Option<&Settings> {
        self.all().find(|settings| settings.uses == Some(slot))
    }

    /// The sources that take the key of `slot`, or of one that does.
    pub(crate) fn dependents_of(&self, slot: Slot) -> Vec<&Settings> {
        let mut dependents = Vec::new();
        let mut next = self.user_of(slot);
        while let Some(user) = next {
            dependents.push(user);
            next = self.user_of(user.slot);
        }
        dependents
    }

    /// How a key of `slot` is judged, and for what hold.
    pub(crate) fn terms(&self, slot: Slot) -> (Policy, Duration) {
        match self.user_of(slot) {
            Some(_) => (policy_of_used(), Duration::ZERO),
            None => (self.policy, self.hold),
        }
    }
}

/// Takes some of the last sources for a chain, which the one before them begins.
fn chain(sources: &mut Vec<Settings>, issuers: &[Issuer], dice: &mut Dice) -> Vec<Settings> {
    let mut used = Vec::new();
    while dice.one_in(2)
        && let [.., user, last] = &mut sources[..]
    {
        // What it reads from the environment is a part of what they read that use it; but a login is
        // of one person.
        let is_person = matches!(issuers[user.slot.issuer].kind, Kind::Rotating { .. });
        if is_person && !last.planned.variables.is_empty() {
            break;
        }
        user.uses = Some(last.slot);
        if user.planned.variables.is_empty() {
            user.planned.variables.clone_from(&last.planned.variables);
        }
        used.extend(sources.pop());
    }
    used
}

impl Settings {
    fn draw(issuer: usize, number: u64, reads: &Issuer, dice: &mut Dice) -> Self {
        let slot = Slot { issuer, settings: number };
        let id = EntryId {
            source: format!("issuer-{issuer}"),
            fingerprint: Fingerprint::of([&number.to_le_bytes()[..]]),
        };
        let (entry_file, failure_file) = (id.entry_file(&Checked), id.failure_file());
        let variables = if reads.reads_environment { vec![VARIABLE.to_owned()] } else { vec![] };
        Self {
            slot,
            planned: PlannedSource { id, variables },
            entry_file,
            failure_file,
            timeout: Duration::from_millis(dice.pick(&[300, 2_000, 10_000])),
            retries: dice.pick(&[0, 1, 3]),
            lifetime: dice.pick(&[None, None, Some(seconds(120))]),
            uses: None,
        }
    }

    /// What its answers depend on, in an environment.
    pub(crate) fn scope(&self, environment: &'static str) -> &'static str {
        if self.planned.variables.is_empty() { "" } else { environment }
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
