//! Randomness that depends only on a seed.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
/// 2014). Not from a crate: a seed that once failed must mean the same forever.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns independent dice.
    pub(crate) const fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// Returns a number from 0 (inclusive) to `bound` (exclusive).
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) const fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Returns a number from 0 (inclusive) to 1 (exclusive), with extremes more often than at
    /// random.
    pub(crate) fn unit(&mut self) -> f64 {
        match self.below(16) {
            0 => 0.0,
            1 => 1.0 - 1.0 / STEPS,
            _ => self.even(),
        }
    }

    /// Returns a uniform number from 0 (inclusive) to 1 (exclusive).
    pub(crate) const fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / STEPS
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// Returns up to `longest`, in whole milliseconds, so that many events coincide.
    pub(crate) fn up_to(&mut self, longest: Duration) -> Duration {
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.below(millis + 1))
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The number of equidistant values from 0 to 1 that the format can represent.
const STEPS: f64 = (1_u64 << 53) as f64;
