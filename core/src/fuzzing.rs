//! What fuzzing tries on this crate: each function takes any bytes, and panics where a promise does
//! not hold. `fuzz/` drives them, and the tests below replay the inputs that are kept there.

#[cfg(feature = "engine")]
mod configuration;
mod state;
mod text;

#[cfg(feature = "engine")]
pub use configuration::configuration;
pub use state::{entry, failure, hit, plan, records, sealing_keys};
pub use text::{error, key};

/// As many parts of `bytes` as are asked for: each but the last is as long as the byte before it says.
fn parts<const COUNT: usize>(mut bytes: &[u8]) -> [&[u8]; COUNT] {
    let mut parts = [&[][..]; COUNT];
    for part in &mut parts[..COUNT - 1] {
        let Some((&length, rest)) = bytes.split_first() else { return parts };
        (*part, bytes) = rest.split_at(rest.len().min(length.into()));
    }
    parts[COUNT - 1] = bytes;
    parts
}

#[cfg(test)]
#[path = "../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn what_was_found_stays_mended() {
        replay("entry", super::entry);
        replay("error", super::error);
        replay("failure", super::failure);
        replay("hit", super::hit);
        replay("key", super::key);
        replay("plan", super::plan);
        replay("records", super::records);
        replay("sealing_keys", super::sealing_keys);
        #[cfg(feature = "engine")]
        replay("configuration", super::configuration);
    }
}
