//! Processes on Windows. A process keeps the id of its parent after that has ended, and another
//! process may get the same id.

use super::{Machine, Process, Processes, SHELLS};
use crate::windows::{process, program_of};

impl Processes for Machine {
    fn parent(&self) -> Option<u32> {
        let (parent, _) = process(std::process::id())?;
        Some(parent)
    }

    fn process(&self, id: u32) -> Option<Process> {
        let (parent, started) = process(id)?;
        // A process that was started later is not the parent.
        let is_parent = process(parent).is_some_and(|(_, earlier)| earlier <= started);
        Some(Process { parent: if is_parent { parent } else { 0 }, started })
    }

    fn is_shell(&self, id: u32) -> bool {
        let program = program_of(id);
        let name = program.as_deref().and_then(|program| program.file_stem()?.to_str());
        name.is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            SHELLS.contains(&name.as_str()) || OWN_SHELLS.contains(&name.as_str())
        })
    }
}

/// Shells of Windows.
const OWN_SHELLS: [&str; 3] = ["cmd", "powershell", "pwsh"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_is_found_with_its_parent_and_start_time() {
        let own = Machine.process(std::process::id()).unwrap();
        assert!(own.started > 0);
        assert_eq!(Some(own.parent), Machine.parent().filter(|_| own.parent != 0).or(Some(0)));
        assert!(!Machine.is_shell(std::process::id()));
        assert_eq!(Machine.process(0xFFFF_FFF0), None);
        let mut shell = std::process::Command::new("cmd")
            .args(["/d", "/c", "pause"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        assert!(Machine.is_shell(shell.id()));
        let seen = Machine.process(shell.id()).unwrap();
        assert_eq!(seen.parent, std::process::id());
        assert!(seen.started >= own.started);
        shell.kill().unwrap();
        shell.wait().unwrap();
    }
}
