//! What a configuration says, at one time.

use std::sync::Arc;
use std::time::Duration;

use api_key_helper_core::{EntryId, Fingerprint, PlannedSource, Policy};

use crate::chance::Dice;
use crate::issuer::Issuer;
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
        })
    }

    pub(crate) fn settings(&self, slot: Slot) -> Option<&Settings> {
        self.sources.iter().find(|settings| settings.slot == slot)
    }
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
