//! A minimal Debian system.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::binaries::{Binaries, FRONT, WORKER};
use crate::call::Call;
use crate::home::search_path;
use crate::syscalls::without_chown;
use crate::{executables, install};

/// Makes the package in `folder`, from the released front and the worker under test.
///
/// # Panics
/// It cannot be made.
#[must_use]
pub fn package(folder: &Path) -> PathBuf {
    // The first call installs the packaging tools, if they are missing.
    static MADE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = install::debian("dpkg-shlibdeps", &["dpkg-dev"]);
    let programs = folder.join("programs");
    fs::create_dir(&programs).expect("a folder of programs");
    executables::copy(Binaries::released_front(), &programs.join(FRONT));
    // Without debug symbols, the package is much faster to compress.
    let mut strip = Command::new("strip");
    run(strip.arg("-o").arg(programs.join(WORKER)).arg(&Binaries::built().worker));
    let mut deb = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/deb"));
    let made = run(deb
        .env("CARGO_TARGET_DIR", install::target())
        .env("PATH", search_path())
        .args([&programs, folder])
        .arg("--fast"));
    PathBuf::from(made.lines().last().expect("where the package is"))
}

/// A system for one test, in which later calls see the changes of earlier ones. `ann` is a user
/// with all rights of root.
///
/// It does not require root: its calls run in user namespaces, in which the user of the tests is
/// root or ann. So ann seems to own root's files, and `sudo` is a stand-in that switches the
/// namespace.
#[derive(Debug)]
pub struct Debian {
    folder: TempDir,
}

impl Debian {
    /// Makes a new system.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["changes", "work", "root"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in it");
        }
        let debian = Self { folder };
        let user = format!("useradd --create-home --uid {ANN} --shell /bin/bash ann");
        debian.root(&user).run().assert_printed();
        debian.write("/usr/bin/sudo", SUDO);
        debian
    }

    /// Returns the call of a shell line by root.
    #[must_use]
    pub fn root(&self, line: &str) -> Call {
        self.call(0, "/root", line)
    }

    /// Returns the call of a shell line by ann.
    #[must_use]
    pub fn ann(&self, line: &str) -> Call {
        self.call(ANN, "/home/ann", line)
    }

    /// Copies the file at `from` to `to`, readable and executable for all users.
    ///
    /// # Panics
    /// It cannot be read.
    pub fn put(&self, from: &Path, to: &str) {
        self.write(to, fs::read(from).expect("the file's content"));
    }

    fn write(&self, to: &str, content: impl AsRef<[u8]>) {
        let line = format!("mkdir -p \"$(dirname '{to}')\" && cat >'{to}' && chmod 755 '{to}'");
        self.root(&line).input(content.as_ref()).run().assert_printed();
    }

    /// Returns all files that packages and users have added, without those that every new user has.
    ///
    /// # Panics
    /// They cannot be listed.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let found = self.root("find / -xdev -newer /usr/bin/sudo ! -type d | sort").run();
        found.assert_printed().lines().map(str::to_owned).collect()
    }

    fn call(&self, user: u32, home: &str, line: &str) -> Call {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (changes, work, root) = (path("changes"), path("work"), path("root"));
        let clean = clean_system();
        let clean = clean.display();
        let client = crate::client::Claude::program();
        let client = client.display();
        // Not by `chroot`: inside one, the kernel does not allow user namespaces.
        let mounts = format!(
            "mount -t overlay overlay \
               -o 'userxattr,lowerdir={clean},upperdir={changes},workdir={work}' '{root}'
             mount --rbind /dev '{root}/dev'
             mount --rbind /proc '{root}/proc'
             mount -t tmpfs -o mode=1777 tmpfs '{root}/tmp'
             : >>'{root}/usr/local/bin/claude'
             mount --bind '{client}' '{root}/usr/local/bin/claude'
             cd '{root}'
             pivot_root . mnt
             umount -l mnt
             cd '{home}'
             exec \"$@\""
        );
        let as_root = ["unshare", "--user", "--map-root-user", "--mount", "--"];
        let as_user = [
            "unshare".to_owned(),
            "--user".to_owned(),
            format!("--map-user={user}"),
            format!("--map-group={user}"),
            "--".to_owned(),
        ];
        let name = if user == 0 { "root" } else { "ann" };
        let variables = [format!("HOME={home}"), format!("USER={name}"), format!("PATH={PATH}")];
        Call::new(Path::new("/bin/bash"), self.folder.path())
            .args(["-c", line])
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .under([String::from("env")].into_iter().chain(variables))
            .under(as_user)
            .under(["sh", "-euc", &mounts, "sh"])
            .under(without_chown())
            .under(as_root)
    }
}

/// The overlay file system leaves a folder without any permissions, which cannot be removed.
impl Drop for Debian {
    fn drop(&mut self) {
        let closed = self.folder.path().join("work/work");
        // On failure, the folder stays among the machine's temporary files.
        let _ = fs::set_permissions(closed, Permissions::from_mode(0o700));
    }
}

impl Default for Debian {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the folder with a minimal Debian system of this machine's release.
fn clean_system() -> PathBuf {
    let mmdebstrap = install::debian("mmdebstrap", &["mmdebstrap"]);
    install::once("debian", |folder| {
        let sources = ["debian.sources", "ubuntu.sources"]
            .map(|name| Path::new("/etc/apt/sources.list.d").join(name))
            .into_iter()
            .find(|file| file.is_file())
            .unwrap_or_else(|| PathBuf::from("/etc/apt/sources.list"));
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--"]).args(without_chown());
        command.args(["sh", "-euc", MAKE, "sh"]).arg(mmdebstrap).arg(folder).arg(sources);
        run(command.env("PATH", PATH));
    })
}

/// A user namespace may only bind-mount existing devices and processes. Each device is mounted by
/// itself: mmdebstrap removes the links that it has made in `/dev`, which would be this machine's.
const MAKE: &str = r#"
. /etc/os-release
exec "$1" --quiet --mode=root --variant=minbase --aptopt='APT::Sandbox::User "root"' \
    --skip=chroot/mount \
    --extract-hook='for name in full null random tty urandom zero; do
        : >>"$1/dev/$name" && mount --bind "/dev/$name" "$1/dev/$name" || exit
    done; mount --rbind /proc "$1/proc"' \
    "$VERSION_CODENAME" "$2" "$3""#;

/// For the kernel, ann and root are the same user.
const SUDO: &str = "#!/bin/sh\nexec unshare --user --map-root-user -- \"$@\"\n";

const ANN: u32 = 1000;

/// The search path of such a system.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn run(command: &mut Command) -> String {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = executables::start(command).expect("a program of the packaging");
    let output = started.wait_with_output().expect("what it says");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{command:?}` failed: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
