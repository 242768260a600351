//! The signal handling of programs that tests start.

use std::fs;
use std::sync::OnceLock;

/// Returns a wrapper that restores the default handling of signals, in case the tests inherited
/// ignored ones, as under `nohup` and a shell's `&`. Empty if none is ignored.
#[must_use]
pub(crate) fn defaults() -> &'static [&'static str] {
    static IGNORED: OnceLock<bool> = OnceLock::new();
    let is_any_ignored = IGNORED.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").expect("what the kernel says of us");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = u64::from_str_radix(mask.expect("the signals").trim(), 16).expect("bits");
        // The bit of a signal is one below its number (proc_pid_status(5)): HUP, INT and QUIT.
        mask & 0b111 != 0
    });
    if *is_any_ignored { &["/usr/bin/env", "--default-signal=HUP,INT,QUIT"] } else { &[] }
}
