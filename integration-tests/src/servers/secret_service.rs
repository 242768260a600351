//! GNOME Keyring on a private bus.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::process::{Process, write};
use crate::call::Call;
use crate::wait::until;
use crate::{executables, install};

const DBUS: [&str; 1] = ["dbus"];
const PASSWORD: &str = "password of a keyring";

/// A private session bus with a monitor of all its messages, and GNOME Keyring, if it was started.
#[derive(Debug)]
pub struct SecretService {
    #[expect(dead_code, reason = "the bus ends with it")]
    bus: Process,
    listener: Process,
    keyring: Option<Process>,
    folder: TempDir,
}

impl SecretService {
    /// Starts a bus without a keyring.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn absent() -> Self {
        let [daemon, monitor] =
            ["dbus-daemon", "dbus-monitor"].map(|program| install::debian(program, &DBUS));
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir().expect("a folder");
        for part in ["bus", "listener", "keyring", "data", "runtime"] {
            fs::create_dir(folder.path().join(part)).expect("a folder");
        }
        fs::set_permissions(folder.path().join("runtime"), Permissions::from_mode(0o700))
            .expect("a folder's mode");
        // The system's own configuration would start an installed keyring.
        let socket = folder.path().join("socket");
        let configuration = write(
            folder.path(),
            "bus.conf",
            &format!(
                "<busconfig><type>session</type><listen>unix:path={}</listen>\
                 <auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\" \
                 eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>\
                 </busconfig>",
                socket.display()
            ),
        );
        let mut command = Command::new(daemon);
        command.arg("--nofork").arg(format!("--config-file={}", configuration.display()));
        let mut bus = Process::start(&command, &folder.path().join("bus"));
        let is_listening = bus.wait_until(|| UnixStream::connect(&socket).is_ok());
        assert!(is_listening, "no bus: {}", bus.log());
        let mut command = Command::new(monitor);
        command.arg("--address").arg(address(folder.path())).arg("type='method_call'");
        let mut listener = Process::start(&command, &folder.path().join("listener"));
        let is_listening = listener.wait_until_log_has("member=NameAcquired");
        assert!(is_listening, "nobody listens: {}", listener.log());
        Self { bus, listener, keyring: None, folder }
    }

    /// Starts a bus with an unlocked keyring.
    #[must_use]
    pub fn unlocked() -> Self {
        let mut service = Self::absent();
        service.unlock();
        service
    }

    /// Starts or restarts the keyring unlocked, as a desktop login does.
    pub fn unlock(&mut self) {
        let password = write(self.folder.path(), "password", PASSWORD);
        self.start(&format!("--unlock <'{}'", password.display()));
    }

    /// Restarts the keyring locked, as a login without its password does.
    pub fn lock(&mut self) {
        self.start("</dev/null");
    }

    /// Stops the keyring.
    pub fn leave(&mut self) {
        if let Some(keyring) = self.keyring.take() {
            keyring.kill();
        }
    }

    /// Suspends the keyring, so that it answers no request.
    ///
    /// # Panics
    /// There is none.
    pub fn hang(&self) {
        self.keyring.as_ref().expect("a keyring").signal("STOP");
    }

    /// Resumes the keyring.
    ///
    /// # Panics
    /// There is none.
    pub fn answer(&self) {
        self.keyring.as_ref().expect("a keyring").signal("CONT");
    }

    /// Returns a call on this bus.
    #[must_use]
    pub fn heard_by(&self, call: Call) -> Call {
        call.env("DBUS_SESSION_BUS_ADDRESS", address(self.folder.path()))
    }

    /// Returns the number of calls of this method, on any interface.
    #[must_use]
    pub fn calls(&self, method: &str) -> usize {
        let member = format!("member={method}\n");
        self.listener.log().matches(&member).count()
    }

    fn start(&mut self, how: &str) {
        let daemon = install::debian("gnome-keyring-daemon", &["gnome-keyring"]);
        self.leave();
        let folder = self.folder.path().display();
        let mut command = Command::new("env");
        command.args(["-i", "PATH=/usr/bin:/bin"]);
        for (name, below) in
            [("HOME", ""), ("XDG_DATA_HOME", "/data"), ("XDG_RUNTIME_DIR", "/runtime")]
        {
            command.arg(format!("{name}={folder}{below}"));
        }
        command.arg(format!("DBUS_SESSION_BUS_ADDRESS={}", address(self.folder.path())));
        let line = format!("exec \"$0\" --foreground --components=secrets {how}");
        command.args(["sh", "-c", &line]).arg(daemon);
        let keyring = Process::start(&command, &self.folder.path().join("keyring"));
        self.keyring = Some(keyring);
        until("the keyring is on the bus", || self.has_owner().then_some(()));
    }

    fn has_owner(&self) -> bool {
        let mut command = Command::new(install::debian("dbus-send", &DBUS));
        command.arg(format!("--bus={}", address(self.folder.path())));
        command.args(["--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]);
        command.args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let asked = executables::start(&mut command).and_then(Child::wait_with_output);
        let output = asked.expect("`dbus-send`");
        String::from_utf8_lossy(&output.stdout).contains("boolean true")
    }
}

fn address(folder: &Path) -> String {
    format!("unix:path={}", folder.join("socket").display())
}
