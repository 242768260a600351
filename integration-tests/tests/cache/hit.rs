//! Keys on disk.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use integration_tests::binaries::{Binaries, WORKER};
use integration_tests::executables;
use integration_tests::home::{Home, KEYS, SYSTEM_CONFIG, search_path_from};
use integration_tests::mounts::Mounts;
use integration_tests::strace::{STARTS, named, trace};
use rustix::process::geteuid;

#[test]
fn cache_hit_prints_the_key_alone_and_nothing_on_stderr() {
    let home = Home::with_script(KEYS);
    for arguments in [&[][..], &[], &["get"], &["--profile", "main"], &["get", "--profile=main"]] {
        home.call(arguments.iter().copied()).run().assert_key("key-1");
    }
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn cache_hit_is_one_process_that_reads_five_files() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let [plan] = &home.state().files(".plan")[..] else { panic!("not one plan") };

    let (answer, calls) = trace(home.helper(), home.path());

    answer.assert_key("key-1");
    assert_eq!(named(&calls, &["execve", "execveat"]).len(), 1, "{calls:?}");
    assert_eq!(named(&calls, &STARTS), [&calls[0]; 0]);
    let sockets = ["socket", "socketpair", "connect", "bind", "sendto", "recvfrom"];
    assert_eq!(named(&calls, &sockets), [&calls[0]; 0]);
    let changes = ["flock", "mkdir", "rename", "unlink", "fsync", "ftruncate", "fallocate"];
    assert_eq!(named(&calls, &changes), [&calls[0]; 0]);

    let opened = named(&calls, &["open", "openat", "openat2", "creat"]);
    assert!(opened.iter().all(|call| call.rest.contains("O_RDONLY")), "{opened:?}");
    let paths: Vec<&Path> = opened.iter().filter_map(|call| call.path()).map(Path::new).collect();
    let own = paths.iter().position(|path| *path == Path::new(SYSTEM_CONFIG)).unwrap();
    // The calls before `main` are those of the loader and the standard library.
    let (before, own) = paths.split_at(own);
    assert!(before.iter().all(|path| is_of_the_system(path)), "{before:?}");
    assert_eq!(
        own,
        [
            Path::new(SYSTEM_CONFIG),
            &home.config_file(),
            &home.state().path().join(plan),
            &home.state().key_file().path(),
            &home.state().entry_file("main"),
        ]
    );
}

fn is_of_the_system(path: &Path) -> bool {
    let is_library = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"));
    is_library || path.starts_with("/proc/self") || path == Path::new("/etc/ld.so.cache")
}

#[test]
fn cache_hit_needs_no_worker_and_a_miss_names_its_places() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let bin = home.path().canonicalize().unwrap().join("usr/bin");
    let copy = Binaries::copy_front(&bin);

    home.helper().program(&copy.front).run().assert_key("key-1");

    let beside = bin.join(WORKER);
    let libexec = home.path().canonicalize().unwrap().join("usr/libexec/api-key-helper");
    home.call(["status"]).program(&copy.front).run().assert_error(
        2,
        &[
            "cannot find the worker",
            &format!("`{}`", beside.display()),
            &format!("`{}`", libexec.join(WORKER).display()),
            "reinstall api-key-helper",
        ],
    );
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn front_finds_the_worker_without_proc_when_started_by_a_path() {
    let home = Home::with_script(KEYS);
    let bare = Mounts::new().empty(Path::new("/proc"), "1m");
    if !geteuid().is_root() {
        // In a user namespace, only `/proc` shows that `/` belongs to root.
        bare.seen_by(home.helper()).run().assert_error(2, &["the folder `/`", "belongs to uid"]);
        return;
    }
    bare.seen_by(home.helper()).run().assert_key("key-1");
    bare.seen_by(home.call(["get", "--refresh"])).run().assert_key("key-2");
    let front = &Binaries::built().front;
    let link = home.path().join("api-key-helper@main");
    symlink(front, &link).unwrap();
    bare.seen_by(home.call(["get", "--refresh"]).program(&link)).run().assert_key("key-3");
    // A program from `PATH` is called by its bare name.
    let found = home.call(["get", "--refresh"]).program(Path::new("api-key-helper"));
    let found = found.env("PATH", search_path_from(front.parent().unwrap()));
    let words = ["cannot tell where this program is", "mount `/proc`, or start it by its path"];
    bare.seen_by(found).run().assert_error(2, &words);

    // Another user could put a worker of their own beside such a link.
    fs::set_permissions(home.path(), Permissions::from_mode(0o777)).unwrap();
    let answer = bare.seen_by(home.call(["get", "--refresh"]).program(&link)).run();
    answer.assert_error(2, &["the folder", "is writable by others"]);
}

#[test]
fn cache_hit_does_not_wait_for_the_lock_of_a_refresh() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let body = format!("[ $run = 1 ] || {}\n{KEYS}", breakpoint.command());
    let script = home.script("main", &body);
    home.configure(&integration_tests::home::configuration("", "", &script));
    home.helper().run().assert_key("key-1");

    let refreshing = home.call(["get", "--refresh"]).start();
    let held = breakpoint.reached();
    home.helper().run().assert_key("key-1");
    held.resume();

    refreshing.finish().assert_key("key-2");
    home.helper().run().assert_key("key-2");
}

#[test]
fn full_stdout_exits_1_on_hit_and_miss() {
    let home = Home::with_script(KEYS);
    let front = Binaries::built().front.to_str().unwrap();
    let full = home.call(["-c", "exec \"$0\" >/dev/full", front]).program(Path::new("/bin/sh"));
    for _ in ["a miss", "a hit"] {
        let answer = full.run();
        assert_eq!((answer.code, &*answer.stdout), (Some(1), ""), "{answer:?}");
        assert!(answer.stderr.contains("No space left on device"), "{answer:?}");
    }
    // The cache still works.
    home.helper().run().assert_key("key-1");
}

#[test]
fn ttl_zero_fetches_at_each_call() {
    let home = Home::with_settings("ttl = \"0s\"", "", KEYS);
    for run in 1..4 {
        home.helper().run().assert_key(&format!("key-{run}"));
    }
}

#[test]
fn clock_that_went_back_makes_no_entry_fresh() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home.state().change("main", |entry| {
        entry.validity.fetched_at = entry.validity.fetched_at.plus(Duration::from_secs(60));
    });
    home.helper().run().assert_key("key-2");
}

#[test]
fn cache_hit_with_closed_streams_writes_into_no_file() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let front = Binaries::built().front.to_str().unwrap();
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let line = format!("exec \"$0\" {closed}");
        let shell = home.call(["-c", &line, front]).program(Path::new("/bin/sh"));
        // The answer to this caller is recorded, so there is a file to write.
        let answer = shell.env("CLAUDE_CODE_ENTRYPOINT", "cli").run();

        let printed = if closed.split(' ').any(|stream| stream == ">&-") { "" } else { "key-1" };
        assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(0), printed, ""));
        let records = home.state().files(".answers");
        assert_eq!(records.len(), 1, "{records:?}");
        let file = home.state().path().join(&records[0]);
        let content = fs::read(&file).unwrap();
        assert!(!content.windows(5).any(|part| part == b"key-1"), "{closed}");
        // Otherwise the next call would be an early retry of the same client.
        fs::remove_file(file).unwrap();
    }
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn closed_stdout_pipe_exits_1() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.helper().command();
    command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
    let output = executables::start(&mut command).unwrap().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Broken pipe"), "{said}");
}
