//! State folders and files that are damaged, full, or of another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use integration_tests::binaries::Binaries;
use integration_tests::files;
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::mounts::{Mounts, give_away};
use integration_tests::state::State;

fn home() -> Home {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home
}

/// Asserts that `content` in place of the entry is moved aside and not lost, and that a key is
/// fetched without a warning.
#[track_caller]
fn assert_set_aside(state: &State, home: &Home, content: &[u8]) {
    let before = (home.runs("main"), state.files(".unreadable").len());
    state.replace(&state.entry_file("main"), content);
    let key = format!("key-{}", before.0 + 1);
    home.helper().run().assert_key(&key);
    home.helper().run().assert_key(&key);
    assert_eq!((home.runs("main"), state.files(".unreadable").len()), (before.0 + 1, before.1 + 1));
}

#[test]
fn truncated_or_damaged_cache_entry_is_set_aside() {
    let home = home();
    let state = home.state();
    let whole = fs::read(state.entry_file("main")).unwrap();
    for length in [0, 1, 31, 32, whole.len() / 2, whole.len() - 1] {
        assert_set_aside(&state, &home, &whole[..length]);
    }
    assert_set_aside(&state, &home, b"garbage");
    assert_set_aside(&state, &home, &[0; 4096]);
    assert_set_aside(&state, &home, &[&whole[..], b"more"].concat());
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    assert_set_aside(&state, &home, &flipped);
    let kept = state
        .files(".unreadable")
        .iter()
        .any(|file| fs::read(state.path().join(file)).unwrap() == flipped);
    assert!(kept);
}

#[test]
fn cache_entry_of_another_source_under_this_name_is_refused() {
    let home = Home::new();
    let [first, second] =
        ["first", "second"].map(|name| home.script(name, &format!("echo {name}")));
    home.configure(&format!(
        "default_profile = \"first\"\n\
         [profile.first]\nsources = [\"first\"]\n[profile.second]\nsources = [\"second\"]\n\
         [source.first]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
         [source.second]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        first.display(),
        second.display()
    ));
    let second = home.call(["--profile", "second"]);
    home.helper().run().assert_key("first");
    second.run().assert_key("second");
    let state = home.state();
    state.replace(&state.entry_file("second"), &fs::read(state.entry_file("first")).unwrap());
    second.run().assert_key("second");
    assert_eq!(home.runs("second"), 2);
}

#[test]
fn damaged_plan_and_failure_files_cost_one_attempt() {
    let home = Home::with_settings("retries = 0", "", &format!("[ $run = 1 ] && exit 75\n{KEYS}"));
    let state = home.state();
    home.helper().run().assert_error(1, &["exit code 75"]);
    let [failure] = &state.files(".failure")[..] else { panic!("not one failure") };
    state.replace(&state.path().join(failure), b"garbage");
    home.helper().run().assert_key("key-2");
    for plan in state.files(".plan") {
        state.replace(&state.path().join(plan), b"garbage");
    }
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

/// Asserts that the helper refuses with a reason and a hint, and leaves the unread file alone.
#[track_caller]
fn assert_refused(home: &Home, mounts: &Mounts, words: &[&str]) {
    let entry = home.state().entry_file("main");
    let file = entry.to_string_lossy();
    let words: Vec<&str> = words.iter().copied().chain([&*file]).collect();
    for arguments in [&[][..], &["get", "--refresh"]] {
        let call = home.call(arguments.iter().copied());
        mounts.seen_by(call).run().assert_error(2, &words);
    }
    assert!(entry.symlink_metadata().is_ok());
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn cache_entry_of_another_user_is_refused() {
    let home = home();
    let mounts = give_away(&home.state().entry_file("main"));
    assert_refused(&home, &mounts, &["belongs to user 65534", "hint: run `rm "]);
}

#[test]
fn cache_entry_that_is_a_symlink_is_refused() {
    let home = home();
    let entry = home.state().entry_file("main");
    let target = home.path().join("target");
    fs::rename(&entry, &target).unwrap();
    symlink(&target, &entry).unwrap();
    let before = fs::read(&target).unwrap();
    assert_refused(&home, &Mounts::new(), &["is a symbolic link", "hint: run `rm "]);
    assert_eq!(fs::read(&target).unwrap(), before);
}

#[test]
fn cache_entry_open_to_others_is_refused() {
    let home = home();
    let entry = home.state().entry_file("main");
    fs::set_permissions(&entry, Permissions::from_mode(0o644)).unwrap();
    assert_refused(
        &home,
        &Mounts::new(),
        &["is open to others (mode 644)", "hint: run `chmod 600 "],
    );
    fs::set_permissions(&entry, Permissions::from_mode(0o600)).unwrap();
    home.helper().run().assert_key("key-1");
}

#[test]
fn cache_entry_that_is_a_folder_is_refused() {
    let home = home();
    let entry = home.state().entry_file("main");
    fs::remove_file(&entry).unwrap();
    fs::create_dir(&entry).unwrap();
    assert_refused(&home, &Mounts::new(), &["is not a plain file", "hint: run `rm -r "]);
}

#[test]
fn state_folder_of_another_user_is_refused_before_any_write() {
    let home = home();
    let state = home.state();
    let mounts = give_away(state.path());
    let before = state.files("");
    // Another configuration, which would need a new plan.
    let call = home.helper().env("API_KEY_HELPER_RETRY_COUNT", "0");
    let words = ["belongs to user 65534", &state.path().to_string_lossy(), "`sudo` without `-E`"];
    mounts.seen_by(call).run().assert_error(2, &words);
    assert_eq!(state.files(""), before);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn state_folder_open_to_others_is_refused() {
    let home = home();
    let state = home.state();
    fs::set_permissions(state.path(), Permissions::from_mode(0o750)).unwrap();
    let mend = format!("chmod 700 {}", state.path().display());
    let call = home.call(["get", "--refresh"]);
    call.run().assert_error(2, &["is open to others (mode 750)", &mend]);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn state_folder_is_made_with_mode_0700() {
    let home = home();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.state().path()), 0o700);
    for file in home.state().files("") {
        assert_eq!(mode(&home.state().path().join(&file)), 0o600, "{file}");
    }
}

/// Returns mounts in which the state folder is a file system of this size.
fn small(home: &Home, room: &str) -> Mounts {
    fs::create_dir_all(home.state().path()).unwrap();
    Mounts::new().empty(home.state().path(), room)
}

#[test]
fn full_disk_prints_the_key_with_a_warning() {
    let home = Home::with_script(KEYS);
    let state = home.state();
    let fill = format!("head -c 4096 /dev/zero >'{}/full'", state.path().display());
    let answer = small(&home, "4k").command(&fill).seen_by(home.helper()).run();
    answer.assert_printed_with_warnings("key-1", &["No space left on device"]);
}

/// One reason gives one warning, however many files cannot be written.
#[test]
fn full_or_read_only_disk_gives_one_warning() {
    let home = Home::with_script(KEYS);
    let state = home.state();
    let fill = format!("head -c 4096 /dev/zero >'{}/full'", state.path().display());
    let full = small(&home, "4k").command(&fill);
    full.seen_by(home.helper()).run().assert_warned("key-1", &["No space left on device"]);
    let read_only = small(&home, "1m").read_only(state.path());
    let answer = read_only.seen_by(home.helper()).run();
    answer.assert_warned("key-2", &["Read-only file system"]);
    assert!(!answer.stderr.contains(" at path "), "nobody knows that file: {answer:?}");
    let around = state.path().parent().unwrap();
    let none = Mounts::new().empty(around, "1m").read_only(around);
    none.seen_by(home.helper()).run().assert_warned("key-3", &["Read-only file system"]);
}

/// Claude Code shows the first 500 characters, and only if there is no key.
#[test]
fn read_only_disk_puts_no_warning_before_an_error() {
    let home = Home::with_settings("retries = 0", "", "exit 75");
    let read_only = small(&home, "1m").read_only(home.state().path());
    read_only.seen_by(home.helper()).run().assert_error(1, &["failed with exit code 75"]);
}

#[test]
fn disk_with_little_room_still_caches_the_key() {
    let home = Home::with_script(KEYS);
    let mounts = small(&home, "64k");
    // The second call runs while the first one's file system still exists.
    let call = home.call(["-c", "\"$0\" && \"$0\"", Binaries::built().front.to_str().unwrap()]);
    mounts.seen_by(call.program(Path::new("/bin/sh"))).run().assert_key("key-1key-1");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn read_only_disk_prints_the_key_with_a_warning() {
    let home = Home::with_script(KEYS);
    let state = home.state();
    // There is no folder, and none can be made.
    let around = state.path().parent().unwrap();
    fs::create_dir_all(around).unwrap();
    let none = Mounts::new().empty(around, "1m").read_only(around);
    let words = ["nothing is cached", "Read-only file system"];
    none.seen_by(home.helper()).run().assert_printed_with_warnings("key-1", &words);

    let read_only = small(&home, "1m").read_only(state.path());
    let words = ["the key was not cached", "Read-only file system"];
    read_only.seen_by(home.helper()).run().assert_printed_with_warnings("key-2", &words);
}

/// A limit of the file size (`ulimit -f`) kills a process that writes beyond it, unless it is
/// handled.
#[test]
fn file_size_limit_costs_the_cache_entry_and_not_the_key() {
    let limited = |home: &Home| home.helper().under(["sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"]);
    let home = Home::new();
    home.configure(
        &configuration("", "", Path::new("/bin/echo"))
            .replace("[\"/bin/echo\"]", "[\"/bin/echo\", \"key-1\"]"),
    );
    // Without an encryption key, and with one.
    for _ in 0..2 {
        let answer = limited(&home).run();
        answer.assert_printed_with_warnings("key-1", &["cached", "File too large"]);
        let files = files::below(home.path());
        let names = files.iter().filter_map(|(file, _)| file.file_name()?.to_str());
        assert_eq!(names.filter(|name| name.contains(".tmp")).count(), 0, "{files:?}");
        home.helper().run().assert_key("key-1");
        home.state().age("main", Duration::from_secs(2 * 3_600));
    }
    // A hit whose record cannot be written.
    home.helper().run().assert_key("key-1");
    limited(&home).env("CLAUDE_CODE_ENTRYPOINT", "cli").run().assert_key("key-1");
}

/// The limit still kills the programs that we run.
#[test]
fn file_size_limit_signal_ends_the_sources_program() {
    let home = Home::new();
    let beyond = "[\"/bin/sh\", \"-c\", \"kill -XFSZ $$; echo key-1\"]";
    home.configure(
        &configuration("", "", Path::new("/bin/echo")).replace("[\"/bin/echo\"]", beyond),
    );
    let answer = home.helper().run();
    assert_eq!((answer.code, &*answer.stdout), (Some(1), ""), "{answer:?}");
}

#[test]
fn call_without_home_variable_prints_the_key_with_a_warning() {
    let home = Home::with_script(KEYS);
    let config = home.config_file();
    let unset = ["HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"];
    let call = unset.iter().fold(home.helper(), |call, name| call.without_env(name));
    let words = ["nothing is cached", "neither `XDG_STATE_HOME` nor `HOME` is set"];
    let by_variable = call.clone().env("API_KEY_HELPER_CONFIG", &config);
    by_variable.run().assert_warned("key-1", &words);
    by_variable.clone().env("HOME", "relative").run().assert_warned("key-2", &words);
    let by_option = call.clone().arg(format!("--config={}", config.display()));
    by_option.run().assert_warned("key-3", &words);
    let stateful = by_variable.clone().env("XDG_STATE_HOME", home.path().join("state"));
    let words = ["no sealing key can be kept: neither `XDG_DATA_HOME` nor `HOME` is set"];
    stateful.run().assert_warned("key-4", &words);
    call.run().assert_error(2, &["neither `XDG_CONFIG_HOME` nor `HOME` is set"]);
}

#[test]
fn cached_key_on_a_disk_turned_read_only_is_printed() {
    let home = home();
    let state = home.state();
    let around = home.path().join("kept");
    fs::rename(state.path(), &around).unwrap();
    let path = state.path().display();
    let mounts = small(&home, "1m")
        .command(&format!("cp -p '{}'/* '{path}'", around.display()))
        .read_only(state.path());
    mounts.seen_by(home.helper()).run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn old_state_folder_files_are_swept_and_those_in_use_kept() {
    let home = home();
    let state = home.state();
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let age = |file: &Path| {
        let file = fs::File::options().append(true).open(file).unwrap();
        file.set_modified(long_ago).unwrap();
    };
    let other =
        ["gone-0123-0123456789.v1.entry", "gone-0123.lock", "gone-0123.failure", "x.tmp", "x.plan"];
    for file in other {
        state.replace(&state.path().join(file), b"");
        age(&state.path().join(file));
    }
    state.replace(&state.path().join("notes.txt"), b"not ours");
    age(&state.path().join("notes.txt"));
    age(&state.entry_file("main"));
    // A new plan triggers the cleanup of the folder.
    home.helper().env("API_KEY_HELPER_RETRY_COUNT", "0").run().assert_key("key-1");
    let left = state.files("");
    assert!(other.iter().all(|file| !left.iter().any(|left| left == file)), "{left:?}");
    assert!(left.iter().any(|file| file == "notes.txt"), "{left:?}");
    assert_eq!(home.runs("main"), 1);
}
