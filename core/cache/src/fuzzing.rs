//! The fuzz targets of this crate. Each takes arbitrary bytes, and panics if a guarantee is broken.
//! `fuzz/` runs them, and a unit test replays the stored inputs.

#[cfg(test)]
mod seeds;
mod state;

pub use state::{entry, failure, hit, plan, records, sealing_keys};

/// Splits `bytes` into parts. Each but the last is as long as the byte before it says.
fn parts<const COUNT: usize>(mut bytes: &[u8]) -> [&[u8]; COUNT] {
    let mut parts = [&[][..]; COUNT];
    for part in &mut parts[..COUNT - 1] {
        let Some((&length, rest)) = bytes.split_first() else { return parts };
        (*part, bytes) = rest.split_at(rest.len().min(length.into()));
    }
    parts[COUNT - 1] = bytes;
    parts
}

/// The fuzz targets of this crate, by name.
pub const TARGETS: &[Trial] = &[
    ("entry", entry),
    ("failure", failure),
    ("hit", hit),
    ("plan", plan),
    ("records", records),
    ("sealing_keys", sealing_keys),
];

/// A function with its name in `fuzz/`.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_cache_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
