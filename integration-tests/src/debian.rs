//! A Debian system on which nothing is installed but what every system has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::binaries::{Binaries, FRONT, WORKER};
use crate::call::Call;
use crate::{executables, install};

/// The package in `folder`, made of the front as it is released and of the worker under test.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn package(folder: &Path) -> PathBuf {
    // The first one builds what makes packages, where that is missing.
    static MADE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    install::debian("dpkg-shlibdeps", &["dpkg-dev"]);
    let programs = folder.join("programs");
    fs::create_dir(&programs).expect("a folder of programs");
    executables::copy(Binaries::released_front(), &programs.join(FRONT));
    // Debug symbols are most of what a test would have to compress.
    let mut strip = Command::new("strip");
    run(strip.arg("-o").arg(programs.join(WORKER)).arg(&Binaries::built().worker));
    let mut deb = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/deb"));
    let made =
        run(deb.env("CARGO_TARGET_DIR", install::target()).args([&programs, folder]).arg("--fast"));
    PathBuf::from(made.lines().last().expect("where the package is"))
}

/// A system of a test's own: what one call changes, the next one finds. `ann` is a user of it who
/// may do all that root may.
#[derive(Debug)]
pub struct Debian {
    folder: TempDir,
}

impl Debian {
    /// A new one.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["changes", "work", "root"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in it");
        }
        let debian = Self { folder };
        let user = "useradd --create-home --shell /bin/bash ann
                    echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ann
                    echo 127.0.0.1 localhost \"$(hostname)\" >/etc/hosts";
        debian.root(user).run().assert_printed();
        debian
    }

    /// A line of the shell, run by root.
    #[must_use]
    pub fn root(&self, line: &str) -> Call {
        self.call("root", "/root", line)
    }

    /// A line of the shell, run by ann.
    #[must_use]
    pub fn ann(&self, line: &str) -> Call {
        self.call("ann", "/home/ann", line)
    }

    /// Puts a copy of the file at `from` to `to`, for everybody to read and run.
    pub fn put(&self, from: &Path, to: &str) {
        let call = self
            .root(&format!("mkdir -p \"$(dirname '{to}')\" && cat >'{to}' && chmod 755 '{to}'"));
        let content = fs::read(from).expect("the file's content");
        call.input(&content).run().assert_printed();
    }

    /// All files that packages and users have put there, beside those of new users.
    ///
    /// # Panics
    /// When they cannot be listed.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let found = self.root("find / -xdev -newer /etc/sudoers.d/ann ! -type d | sort").run();
        found.assert_printed().lines().map(str::to_owned).collect()
    }

    fn call(&self, user: &str, home: &str, line: &str) -> Call {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (changes, work, root) = (path("changes"), path("work"), path("root"));
        let clean = install::clean_debian();
        let clean = clean.display();
        let client = crate::client::Claude::program();
        let client = client.display();
        let mounts = format!(
            "mount -t overlay overlay -o 'lowerdir={clean},upperdir={changes},workdir={work}' '{root}'
             mount --rbind /dev '{root}/dev'
             mount -t proc proc '{root}/proc'
             mount -t tmpfs -o mode=1777 tmpfs '{root}/tmp'
             : >>'{root}/usr/local/bin/claude'
             mount --bind '{client}' '{root}/usr/local/bin/claude'
             exec \"$@\""
        );
        let user_of = format!("--userspec={user}");
        let variables = [format!("HOME={home}"), format!("USER={user}"), format!("PATH={PATH}")];
        let call = Call::new(Path::new("/bin/bash"), self.folder.path())
            .args(["-c", line])
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .under(["env", "-C", home].map(str::to_owned).into_iter().chain(variables))
            .under(["chroot", &user_of, &root])
            .under(["unshare", "--mount", "--", "sh", "-euc", &mounts, "sh"]);
        if geteuid().is_root() { call } else { call.under(install::AS_ROOT) }
    }
}

/// Its files are those of its own users.
impl Drop for Debian {
    fn drop(&mut self) {
        let mut remove = install::as_root("rm");
        let remove = executables::start(remove.arg("-rf").arg(self.folder.path()));
        // What is left lies among the machine's temporary files.
        let _ = remove.and_then(|mut remove| remove.wait());
    }
}

impl Default for Debian {
    fn default() -> Self {
        Self::new()
    }
}

/// Where programs are on such a system.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn run(command: &mut Command) -> String {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = executables::start(command).expect("a program of the packaging");
    let output = started.wait_with_output().expect("what it says");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{command:?}` failed: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
