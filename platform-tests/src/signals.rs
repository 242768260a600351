//! What signals do in the programs that tests start.

use std::fs;
use std::sync::OnceLock;

/// The words before a program so that a signal does in it what it does by default, although whoever runs
/// the tests ignores it, as `nohup` and a shell's `&` do. None where nothing is ignored.
#[must_use]
pub(crate) fn defaults() -> &'static [&'static str] {
    static IGNORED: OnceLock<bool> = OnceLock::new();
    let is_any_ignored = IGNORED.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").expect("what the kernel says of us");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = u64::from_str_radix(mask.expect("the signals").trim(), 16).expect("bits");
        // A signal's bit is one below its number (proc_pid_status(5)): HUP, INT and QUIT.
        mask & 0b111 != 0
    });
    if *is_any_ignored { &["/usr/bin/env", "--default-signal=HUP,INT,QUIT"] } else { &[] }
}
