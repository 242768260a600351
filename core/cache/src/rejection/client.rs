//! Identifies the client process.

use std::ffi::OsStr;

use crate::claude_code::process_of;

/// The number of ancestors that are searched.
const FARTHEST: usize = 32;

/// A client's process. The start time tells it from a later process with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) process: u32,
    pub(super) started: u64,
}

/// Ancestor processes.
pub(super) trait Processes {
    /// The id of our parent.
    fn parent(&self) -> Option<u32>;
    /// A process by its id.
    fn process(&self, id: u32) -> Option<Process>;
    /// Returns whether it runs a shell.
    fn is_shell(&self, id: u32) -> bool;
}

/// A process as the system reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) parent: u32,
    /// The start time in the system's own unit.
    pub(super) started: u64,
}

impl Client {
    /// The client of all reports, which come from processes that do not last. No real process has
    /// this id.
    pub(super) const ANY: Self = Self { process: 0, started: 0 };

    /// Finds the process that `socket` names, if it is an ancestor, or else the nearest ancestor
    /// that is not a shell. The client runs the helper through a shell, and users may wrap it in
    /// another one.
    pub(super) fn find(socket: Option<&OsStr>, processes: &dyn Processes) -> Option<Self> {
        let named = socket.and_then(process_of);
        let mut nearest = None;
        let mut id = processes.parent()?;
        for _ in 0..FARTHEST {
            let Some(Process { parent, started }) = processes.process(id) else { break };
            let client = Self { process: id, started };
            if named == Some(id) {
                return Some(client);
            }
            if nearest.is_none() && !processes.is_shell(id) {
                nearest = Some(client);
            }
            if nearest.is_some() && named.is_none() {
                break;
            }
            id = parent;
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Processes with their parents. Those in the second list are shells. The last one is ours.
    struct Family(&'static [(u32, u32)], &'static [u32]);

    impl Processes for Family {
        fn parent(&self) -> Option<u32> {
            self.0.last().map(|(_, parent)| *parent)
        }

        fn process(&self, id: u32) -> Option<Process> {
            let (_, parent) = self.0.iter().find(|(process, _)| *process == id)?;
            Some(Process { parent: *parent, started: u64::from(id) * 10 })
        }

        fn is_shell(&self, id: u32) -> bool {
            self.1.contains(&id)
        }
    }

    #[track_caller]
    fn assert_client(family: &Family, socket: Option<&str>, client: Option<u32>) {
        let found = Client::find(socket.map(OsStr::new), family);
        let client = client.map(|process| Client { process, started: u64::from(process) * 10 });
        assert_eq!(found, client);
    }

    /// A terminal's shell, the client, its shell for the helper, a wrapper, and the helper.
    const WRAPPED: Family =
        Family(&[(1, 0), (20, 1), (30, 20), (40, 30), (50, 40), (60, 50)], &[20, 40]);

    #[test]
    fn client_process_is_named_by_its_socket() {
        assert_client(&WRAPPED, Some("/run/user/1000/claude/30.sock"), Some(30));
    }

    #[test]
    fn client_process_is_not_named_by_a_foreign_socket() {
        for socket in ["/tmp/31.sock", "/tmp/claude.sock", "", "/", "/tmp/-30.sock"] {
            assert_client(&WRAPPED, Some(socket), Some(50));
        }
    }

    #[test]
    fn client_process_without_a_socket_is_the_nearest_that_is_no_shell() {
        assert_client(&WRAPPED, None, Some(50));
        let shells = Family(&[(1, 0), (30, 1), (40, 30), (50, 40), (60, 50)], &[40, 50]);
        assert_client(&shells, None, Some(30));
    }

    #[test]
    fn client_process_may_be_absent() {
        assert_client(&Family(&[(1, 0), (2, 1)], &[1]), None, None);
        assert_client(&Family(&[(60, 50)], &[]), Some("50.sock"), None);
        assert_client(&Family(&[], &[]), None, None);
        // A loop, which no system reports, ends.
        assert_client(&Family(&[(2, 3), (3, 2)], &[2, 3]), Some("9.sock"), None);
    }
}
