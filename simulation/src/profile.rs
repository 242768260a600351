//! The configuration at one time.

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
/// The values of the variable.
pub(crate) const ENVIRONMENTS: [&str; 2] = ["one", "two"];

/// A profile of one version of the configuration file.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) policy: Policy,
    pub(crate) hold: Duration,
    pub(crate) deadline: Duration,
    pub(crate) sources: Vec<Settings>,
    /// The sources that only others use, each after those that it uses itself.
    pub(crate) used: Vec<Settings>,
}

/// A version of an issuer's settings. Each version gives the source another fingerprint.
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
    /// The source whose key it takes.
    pub(crate) uses: Option<Slot>,
}

/// The values by which a key is judged, and the time.
pub(crate) struct Terms<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) hold: Duration,
    pub(crate) now: Moment,
}

impl Settings {
    /// Returns the view of the source for the rule, from the files that `read` returns.
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
    /// Returns a random profile, the `number`th version.
    pub(crate) fn draw(number: u64, issuers: &[Issuer], dice: &mut Dice) -> Arc<Self> {
        let mut sources: Vec<Settings> = (0..issuers.len())
            .map(|issuer| Settings::draw(issuer, number, &issuers[issuer], dice))
            .collect();
        // Not always all sources, and not always the same one first.
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

    /// Returns all sources, each after those that it uses.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Settings> {
        self.used.iter().chain(&self.sources)
    }

    pub(crate) fn settings(&self, slot: Slot) -> Option<&Settings> {
        self.all().find(|settings| settings.slot == slot)
    }

    /// Returns the source that takes the key of `slot`.
    pub(crate) fn user_of(&self, slot: Slot) -> Option<&Settings> {
        self.all().find(|settings| settings.uses == Some(slot))
    }

    /// Returns the sources that take the key of `slot`, directly or through others.
    pub(crate) fn dependents_of(&self, slot: Slot) -> Vec<&Settings> {
        let mut dependents = Vec::new();
        let mut next = self.user_of(slot);
        while let Some(user) = next {
            dependents.push(user);
            next = self.user_of(user.slot);
        }
        dependents
    }

    /// Returns the policy and the hold for a key of `slot`.
    pub(crate) fn terms(&self, slot: Slot) -> (Policy, Duration) {
        match self.user_of(slot) {
            Some(_) => (policy_of_used(), Duration::ZERO),
            None => (self.policy, self.hold),
        }
    }
}

/// Moves some of the last sources into a chain, which begins with the source before them.
fn chain(sources: &mut Vec<Settings>, issuers: &[Issuer], dice: &mut Dice) -> Vec<Settings> {
    let mut used = Vec::new();
    while dice.one_in(2)
        && let [.., user, last] = &mut sources[..]
    {
        // Variables that a used source reads also affect its users; but a login belongs to one
        // user.
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

    /// Returns the part of an environment on which its responses depend.
    pub(crate) fn scope(&self, environment: &'static str) -> &'static str {
        if self.planned.variables.is_empty() { "" } else { environment }
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
