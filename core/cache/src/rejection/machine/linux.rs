//! Processes in `/proc`.

use std::fs::{self, File};
use std::io::Read as _;

use super::{Machine, Process, Processes, SHELLS};

impl Processes for Machine {
    fn parent(&self) -> Option<u32> {
        Some(std::os::unix::process::parent_id())
    }

    fn process(&self, id: u32) -> Option<Process> {
        // Longer than any line of this file, which the kernel writes at once.
        let mut line = [0; 1024];
        let length = File::open(format!("/proc/{id}/stat")).ok()?.read(&mut line).ok()?;
        read(&line[..length])
    }

    /// Compares the executable, because a script is named after itself.
    fn is_shell(&self, id: u32) -> bool {
        let program = fs::read_link(format!("/proc/{id}/exe"));
        program.is_ok_and(|program| {
            let name = program.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| SHELLS.contains(&name))
        })
    }
}

/// Parses a line of `proc_pid_stat(5)`. The parent is the fourth field and the start time the 22nd.
/// The second field is the name in parentheses, and may contain any character.
fn read(line: &[u8]) -> Option<Process> {
    let name_end = line.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&line[name_end + 1..]).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Process { parent, started })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_stat_line_with_any_process_name_is_read() {
        let rest = "S 7 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        for name in ["sh", "a) S 9 (b", "", "\u{fc}\n"] {
            let line = format!("42 ({name}) {rest}\n");
            let process = Process { parent: 7, started: 12_345 };
            assert_eq!(read(line.as_bytes()), Some(process), "{line}");
        }
        for line in ["", "42 (sh", "42 (sh) S", "42 (sh) S x 1"] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn own_process_is_found_with_its_parent() {
        let own = Machine.process(std::process::id()).unwrap();
        assert_eq!(Some(own.parent), Machine.parent());
        assert!(!Machine.is_shell(std::process::id()));
        assert_eq!(Machine.process(0), None);
    }
}
