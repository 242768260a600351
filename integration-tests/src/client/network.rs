//! A network namespace that has only loopback.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::executables;

/// Moves this thread into a network that has only loopback, with all threads and processes that it
/// starts from now on. Returns false where the machine does not permit it: it requires root, at
/// least in a user namespace.
///
/// Everything must be installed before.
///
/// # Panics
/// The network exists, and this thread cannot enter it.
pub fn leave_network() -> bool {
    let mut keeper = Command::new("unshare");
    keeper.args(["--net", "python3", "-c", KEEPER]);
    keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A machine without `unshare` does not permit it either.
    let Ok(mut keeper) = executables::start(&mut keeper) else { return false };
    let mut line = String::new();
    let stdout = keeper.stdout.take().expect("the keeper's stdout");
    BufReader::new(stdout).read_line(&mut line).expect("the keeper's answer");
    let is_up = line == "up\n";
    if is_up {
        let network = File::open(format!("/proc/{}/ns/net", keeper.id())).expect("its network");
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("this thread is in its network");
    }
    // A process that is in a network keeps it alive.
    drop(keeper.stdin.take());
    keeper.wait().expect("the keeper's end");
    is_up
}

const KEEPER: &str = include_str!("network.py");

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use rustix::process::geteuid;

    use super::*;

    #[test]
    fn network_namespace_reaches_loopback_only() {
        if !geteuid().is_root() {
            // Runs this test again, in a user namespace.
            let mut again = Command::new("unshare");
            again.args(["--user", "--map-root-user", "--"]).arg(env::current_exe().unwrap());
            again.args([
                "--exact",
                "client::network::tests::network_namespace_reaches_loopback_only",
            ]);
            again.stdout(Stdio::piped());
            let again = executables::start(&mut again).unwrap().wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&again.stdout);
            assert!(said.contains("test result: ok. 1 passed"), "{said}");
            return;
        }
        thread::spawn(|| {
            assert!(leave_network());
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            // A reserved address (RFC 5737).
            let error = TcpStream::connect("192.0.2.1:443").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        })
        .join()
        .unwrap();
    }
}
