//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

#[cfg(test)]
mod seeds;
mod state;

pub use state::{entry, failure, hit, plan, records, sealing_keys};

/// As many parts of `bytes` as are asked for: each but the last is as long as the byte before it
/// says.
fn parts<const COUNT: usize>(mut bytes: &[u8]) -> [&[u8]; COUNT] {
    let mut parts = [&[][..]; COUNT];
    for part in &mut parts[..COUNT - 1] {
        let Some((&length, rest)) = bytes.split_first() else { return parts };
        (*part, bytes) = rest.split_at(rest.len().min(length.into()));
    }
    parts[COUNT - 1] = bytes;
    parts
}

/// The functions above.
pub const TARGETS: &[Trial] = &[
    ("entry", entry),
    ("failure", failure),
    ("hit", hit),
    ("plan", plan),
    ("records", records),
    ("sealing_keys", sealing_keys),
];

/// The name that a function has in `fuzz/`, and the function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_cache_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
