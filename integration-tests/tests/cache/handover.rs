//! The front finds the worker, and hands the call over.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use integration_tests::binaries::{Binaries, FRONT, WORKER};
use integration_tests::executables;
use integration_tests::home::{Home, KEYS};
use tempfile::TempDir;

/// A front with a program in place of the worker that records its call.
struct Fake {
    folder: TempDir,
    copy: Binaries,
}

impl Fake {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = Binaries::copy_front(&folder.path().canonicalize().unwrap());
        let dump = "for what in cmdline environ status; do cat /proc/$$/$what >\"$DUMP/$what\"; done\n\
                    ls /proc/$$/fd >\"$DUMP/fds\"\n\
                    cat; echo 'to stderr' >&2; exit 42";
        executables::write(&copy.worker, format!("#!/bin/sh\n{dump}\n"));
        Self { folder, copy }
    }

    fn dump(&self, what: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(what)).unwrap()
    }

    /// Returns the strings that the system shows for the worker.
    fn strings(&self, what: &str) -> Vec<OsString> {
        let dump = self.dump(what);
        let strings = dump.strip_suffix(b"\0").unwrap().split(|byte| *byte == 0);
        strings.map(|string| OsStr::from_bytes(string).to_owned()).collect()
    }
}

#[test]
fn worker_gets_the_fronts_arguments_environment_and_streams() {
    let home = Home::with_script(KEYS);
    let fake = Fake::new();
    let odd = OsStr::from_bytes(b"not \xff text\n'\"$HOME\\");
    let arguments = ["get", "", "--config=a b", "--", "*", "--profile"].map(OsString::from);
    let arguments: Vec<OsString> = arguments.into_iter().chain([odd.to_owned()]).collect();
    let call = home
        .call(arguments.clone())
        .program(&fake.copy.front)
        .env("DUMP", fake.folder.path())
        .env("EMPTY", "")
        .env("ODD", odd)
        .input(b"from stdin\0\xff");
    let running = call.start();
    let process = running.process();
    let answer = running.finish();

    assert_eq!(answer.code, Some(42));
    assert_eq!(answer.stdout, String::from_utf8_lossy(b"from stdin\0\xff"));
    assert_eq!(answer.stderr, "to stderr\n");

    let version = OsString::from(format!("--front-version={}", env!("CARGO_PKG_VERSION")));
    let started = ["/bin/sh".into(), fake.copy.worker.clone().into_os_string(), version];
    let expected: Vec<OsString> = started.into_iter().chain(arguments).collect();
    let mut given = fake.strings("cmdline");
    let asked_at = given.remove(3).into_string().unwrap();
    let millis: u64 = asked_at.strip_prefix("--asked-at=").unwrap().parse().unwrap();
    assert!(millis > 1_600_000_000_000, "{millis}");
    assert_eq!(given, expected);

    let mut environment = fake.strings("environ");
    environment.sort();
    let path = home.helper().variable("PATH").unwrap().to_owned();
    let variables = [("DUMP", fake.folder.path().as_os_str()), ("EMPTY", OsStr::new(""))];
    let variables = variables.into_iter().chain([
        ("HOME", home.path().as_os_str()),
        ("ODD", odd),
        ("PATH", path.as_os_str()),
    ]);
    let expected = variables.map(|(name, value)| {
        [OsStr::new(name), OsStr::new("="), value].into_iter().collect::<OsString>()
    });
    assert_eq!(environment, expected.collect::<Vec<_>>());

    let status = String::from_utf8(fake.dump("status")).unwrap();
    assert!(status.contains(&format!("\nPid:\t{}\n", process.id)), "{status}");

    // The same number of files is open as without a front.
    let open = fake.dump("fds");
    let _ = call.program(&fake.copy.worker).run();
    assert_eq!(open, fake.dump("fds"));
}

/// Asserts that a front called as `call` finds its worker at `worker` of the same installation.
#[track_caller]
fn assert_worker_found(call: impl FnOnce(&Path) -> PathBuf, front: &str, worker: &str) {
    let home = Home::with_script(KEYS);
    let folder = tempfile::tempdir().unwrap();
    let [front, worker] = [front, worker].map(|path| folder.path().join(path));
    let copy = Binaries::copy(front.parent().unwrap());
    fs::create_dir_all(worker.parent().unwrap()).unwrap();
    fs::rename(copy.worker, worker).unwrap();
    home.helper().program(&call(folder.path())).run().assert_key("key-1");
}

#[test]
fn worker_is_found_beside_the_front_or_in_libexec() {
    let front = |folder: &Path| folder.join("bin").join(FRONT);
    assert_worker_found(front, &format!("bin/{FRONT}"), &format!("bin/{WORKER}"));
    assert_worker_found(
        front,
        &format!("bin/{FRONT}"),
        &format!("libexec/api-key-helper/{WORKER}"),
    );
}

#[test]
fn worker_is_found_through_a_symlink_to_the_front() {
    let link = |folder: &Path| {
        let link = folder.join("elsewhere");
        symlink(folder.join("opt/bin").join(FRONT), &link).unwrap();
        let second = folder.join("link-to-it");
        symlink("elsewhere", &second).unwrap();
        second
    };
    assert_worker_found(link, &format!("opt/bin/{FRONT}"), &format!("opt/bin/{WORKER}"));
    assert_worker_found(
        link,
        &format!("opt/bin/{FRONT}"),
        &format!("opt/libexec/api-key-helper/{WORKER}"),
    );
}

#[test]
fn worker_is_not_searched_in_path_or_the_current_folder() {
    let home = Home::with_script(KEYS);
    let folder = tempfile::tempdir().unwrap();
    executables::write(&folder.path().join(WORKER), "#!/bin/sh\necho planted\n");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    // `exec -a` gives a program another name than that of its file.
    let name = folder.path().join(FRONT);
    let line = format!("exec -a '{}' \"$0\"", name.display());
    let call = home
        .call(["-c", &line, Binaries::built().front.to_str().unwrap()])
        .program(Path::new("/bin/bash"))
        .folder(folder.path())
        .env("PATH", path);
    call.run().assert_key("key-1");
}

#[test]
fn front_and_worker_of_different_versions_exit_2() {
    let home = Home::with_script(KEYS);
    let call = home.call(["--front-version=9.9.9", "get"]).program(&Binaries::built().worker);
    let own = format!("its worker is version {}", env!("CARGO_PKG_VERSION"));
    call.run().assert_error(2, &["`api-key-helper` is version 9.9.9", &own, "replaces both"]);
    assert_eq!(home.runs("main"), 0);
    assert!(!home.state().path().exists());

    // Through the front, the worker reports a version mismatch.
    let folder = tempfile::tempdir().unwrap();
    let copy = Binaries::copy_front(folder.path());
    let worker = Binaries::built().worker.display();
    let text = format!("#!/bin/sh\nshift; exec '{worker}' --front-version=9.9.9 \"$@\"\n");
    executables::write(&copy.worker, &text);
    let answer = home.helper().program(&copy.front).run();
    answer.assert_error(2, &["`api-key-helper` is version 9.9.9", &own, "replaces both"]);
}

#[test]
fn worker_that_cannot_start_exits_2() {
    let home = Home::with_script(KEYS);
    let folder = tempfile::tempdir().unwrap();
    let copy = Binaries::copy_front(&folder.path().canonicalize().unwrap());
    executables::write(&copy.worker, "#!/no/such/shell\n");
    let call = home.helper().program(&copy.front);
    let words = ["cannot start", &copy.worker.to_string_lossy(), "both of its programs"];
    call.run().assert_error(2, &words);
}

#[test]
fn front_and_worker_print_the_same_version() {
    let home = Home::new();
    let version = format!("api-key-helper {}\n", env!("CARGO_PKG_VERSION"));
    let call = home.call(["--version"]);
    assert_eq!(call.run().assert_printed(), version);
    assert_eq!(call.program(&Binaries::built().worker).run().assert_printed(), version);
}
