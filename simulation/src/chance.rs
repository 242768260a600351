//! Chance that comes of a seed alone.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
/// Not a crate's: a seed that once failed must mean the same for ever.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Other dice, whose throws tell nothing of these.
    pub(crate) const fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// From 0 (included) to `bound` (excluded).
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) const fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// From 0 (included) to 1 (excluded), its ends more often than chance would have it.
    pub(crate) fn unit(&mut self) -> f64 {
        match self.below(16) {
            0 => 0.0,
            1 => 1.0 - 1.0 / STEPS,
            _ => self.even(),
        }
    }

    /// From 0 (included) to 1 (excluded), every part of that as often as any other.
    pub(crate) const fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / STEPS
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// Up to `longest`, in whole milliseconds, so that many things happen at once.
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

/// So many numbers are equally far apart between 0 and 1: as many as the format tells apart.
const STEPS: f64 = (1_u64 << 53) as f64;
