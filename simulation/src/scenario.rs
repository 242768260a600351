//! The kind of world that a seed makes.

use std::time::Duration;

use crate::chance::Dice;
use crate::issuer::{Issuer, Kind};

/// The reliability of the disk's locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locks {
    Reliable,
    /// The file system has no locks.
    Unavailable,
    /// Every request for a lock is granted.
    Lying,
}

/// The faults of a world, and their frequency.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) locks: Locks,
    /// One step in this many ends a process.
    pub(crate) kills: Option<u64>,
    /// One step in this many is followed by a power failure.
    pub(crate) crashes: Option<u64>,
    pub(crate) clock_is_set: bool,
    pub(crate) disk_fails: bool,
    pub(crate) issuers_fail: bool,
    pub(crate) settings_change: bool,
    /// The largest number of concurrent processes.
    pub(crate) crowd: usize,
}

impl Scenario {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        Self {
            locks: match dice.below(10) {
                0 => Locks::Unavailable,
                1 => Locks::Lying,
                _ => Locks::Reliable,
            },
            kills: dice.pick(&[None, Some(20), Some(100), Some(500)]),
            crashes: dice.pick(&[None, Some(50), Some(300)]),
            clock_is_set: dice.one_in(3),
            disk_fails: dice.one_in(2),
            issuers_fail: !dice.one_in(5),
            settings_change: dice.one_in(3),
            crowd: dice.pick(&[1, 4, 12, 24]),
        }
    }
}

/// Returns one to four issuers.
pub(crate) fn issuers(dice: &mut Dice) -> Vec<Issuer> {
    let count = dice.pick(&[1, 1, 2, 3, 4]);
    (0..count)
        .map(|_| {
            let kind = dice.pick(&[
                Kind::Plain,
                Kind::Rotating { reuse_revokes: true },
                Kind::Rotating { reuse_revokes: true },
                Kind::Rotating { reuse_revokes: false },
                Kind::Lasting,
            ]);
            let life =
                dice.pick(&[None, Some(1), Some(45), Some(600), Some(3_600), Some(2_592_000)]);
            // A login belongs to a user, in any environment.
            let reads_environment = !matches!(kind, Kind::Rotating { .. }) && dice.one_in(3);
            let life = life.map(Duration::from_secs);
            let mut issuer = Issuer::new(kind, life, reads_environment);
            issuer.takes_once = dice.one_in(3);
            issuer
        })
        .collect()
}
