//! The process of a server.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{executables, wait};

/// A running server. It ends when this is dropped, and with the test's process however that ends: a
/// shell kills it when our pipe to the shell is closed.
#[derive(Debug)]
pub(super) struct Process {
    keeper: Child,
    pid: u32,
    log: PathBuf,
}

const KEEPER: &str = r#"
exec 3<&0
log=$1; shift
"$@" </dev/null >"$log" 2>&1 3<&- &
server=$!
echo "$server"
{ read -r _ || true; kill -KILL "$server" 2>/dev/null; } <&3 &
wait "$server"
kill "$!" 2>/dev/null
"#;

impl Process {
    /// Starts `command` in `folder`, and writes its log there.
    pub(super) fn start(command: &Command, folder: &Path) -> Self {
        let log = folder.join("server.log");
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&log);
        keeper.arg(command.get_program()).args(command.get_args());
        keeper.current_dir(folder);
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = executables::start(&mut keeper).expect("a shell");
        let mut line = String::new();
        let stdout = keeper.stdout.take().expect("the keeper's stdout");
        BufReader::new(stdout).read_line(&mut line).expect("the keeper's answer");
        let pid = line.trim().parse().unwrap_or_else(|_| panic!("no process: {command:?}"));
        Self { keeper, pid, log }
    }

    /// Waits until `ready` returns true. Returns false if the server ended, or did not get ready.
    pub(super) fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        let started = wait::now();
        while wait::since(started) < wait::LIMIT {
            if ready() {
                return true;
            }
            if !matches!(self.keeper.try_wait(), Ok(None)) {
                return false;
            }
            wait::sleep(Duration::from_millis(25));
        }
        false
    }

    /// Waits until the log contains `text`. Returns false as [`Process::wait_until`] does.
    pub(super) fn wait_until_log_has(&mut self, text: &str) -> bool {
        let log = self.log.clone();
        self.wait_until(|| fs::read_to_string(&log).is_ok_and(|log| log.contains(text)))
    }

    /// Returns the log.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills the server, and waits until its port is closed: before that, the kernel still accepts
    /// connections for it.
    pub(super) fn kill(&self) {
        self.signal("KILL");
        let server = crate::process::Process { id: self.pid };
        wait::until("the server has ended", || (!server.is_running()).then_some(()));
    }

    /// Sends the server a signal, such as `KILL` or `STOP`.
    pub(super) fn signal(&self, name: &str) {
        let pid = self.pid.to_string();
        let mut kill = Command::new("kill");
        let kill =
            executables::start(kill.args(["-s", name, &pid])).and_then(|mut kill| kill.wait());
        assert!(kill.expect("`kill`").success(), "cannot send {name} to {pid}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Returns a free port whose next port is free as well. It is below the kernel's ephemeral ports.
/// Another server may still take it, so a caller tries several.
pub(super) fn free_ports() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    (0..5000)
        .find_map(|_| {
            let number =
                process::id().wrapping_mul(101).wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
            let port = 20_000 + u16::try_from(number % 6_000).ok()? * 2;
            let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
            (free(port) && free(port + 1)).then_some(port)
        })
        .expect("two free ports")
}

/// Writes `text` into a file of that name.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    File::create(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot write `{}`: {error}", path.display()));
    path
}
