//! Programs that cannot or must not be run.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use integration_tests::call::Call;
use integration_tests::executables;
use integration_tests::files;
use integration_tests::home::{Home, KEYS, configuration, search_path};
use integration_tests::mounts::give_away;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::geteuid;

/// Returns a home with an old key, so that a fallback would be possible.
fn home() -> Home {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home.state().age("main", std::time::Duration::from_secs(7_200));
    home
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn commanded(home: &Home, command: &str) {
    home.configure(&configuration("", "", Path::new(command)));
}

#[test]
fn missing_script_program_exits_2_and_names_its_line() {
    let home = home();
    let script = home.path().join("main");
    let moved = home.path().join("moved");
    fs::rename(&script, &moved).unwrap();
    let place = format!("{}:7:1", home.config_file().display());
    let words = [&*place, &script.to_string_lossy(), "is not there", "write the absolute path"];
    home.helper().run().assert_error(2, &words);

    fs::rename(&moved, &script).unwrap();
    assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
    home.helper().run().assert_key("key-2");
}

#[test]
fn relative_script_path_is_searched_beside_the_configuration_only() {
    let home = home();
    // It is in the folder of the call, and on `PATH`.
    commanded(&home, "./main");
    let call = home.helper().env("PATH", format!("{}:/usr/bin:/bin", home.path().display()));
    let place = format!("{}:7:1", home.config_file().display());
    let beside = home.config_file().parent().unwrap().to_owned();
    let words = [&*place, &format!("`{}/", beside.display()), "/main` is not there"];
    call.run().assert_error(2, &words);
    commanded(&home, "main");
    let found = format!("write `{}`", home.path().join("main").display());
    call.run().assert_error(2, &[&place, "is not there", &found, "`PATH` is not searched"]);
    commanded(&home, "~/main");
    call.run().assert_error(2, &[&place, "is not there", "`~` is for shells"]);

    let _ = home.script(".config/api-key-helper/beside", "echo beside");
    commanded(&home, "./beside");
    call.run().assert_key("beside");
}

#[test]
fn script_program_writable_by_others_is_refused() {
    let home = home();
    let script = home.path().join("main");
    chmod(&script, 0o757);
    let mend = format!("chmod o-w {}", script.display());
    let words = ["is writable by others: its mode is 0757", &mend];
    home.helper().run().assert_error(2, &words);
    chmod(&script, 0o644);
    let mend = format!("chmod a+x {}", script.display());
    home.helper().run().assert_error(2, &["is not executable: its mode is 0644", &mend]);
    assert_eq!(home.runs("main"), 1);

    chmod(&script, 0o755);
    home.helper().run().assert_key("key-2");
}

#[test]
fn script_program_in_a_folder_writable_by_others_is_refused() {
    let home = home();
    let script = home.script("shared/main", KEYS);
    commanded(&home, &script.to_string_lossy());
    chmod(&home.path().join("shared"), 0o777);
    let mend = format!("chmod o-w {}", home.path().join("shared").display());
    home.helper().run().assert_error(2, &["the folder", "is writable by others", &mend]);
    chmod(&home.path().join("shared"), 0o1777);
    home.helper().run().assert_error(2, &["the folder", "move it to a folder"]);
    assert_eq!(home.runs("shared/main"), 0);
}

#[test]
fn script_program_below_a_folder_writable_by_others_is_refused() {
    let home = home();
    let script = home.script("shared/team/keys/main", KEYS);
    let shared = home.path().join("shared");
    let words = ["the folder", &*shared.to_string_lossy(), "is writable by others", "chmod o-w"];
    chmod(&shared, 0o777);
    let shell = format!("shell_command = \"exit 75\"\nshell = \"{}\"\n", script.display());
    let input = format!("stdin = {{ command = [\"{}\"] }}\n", script.display());
    let direct = configuration("", "", &script);
    let by_shell = direct.replace(&format!("command = [\"{}\"]\n", script.display()), &shell);
    let harmless = home.script("harmless", "cat");
    let by_input = configuration("", &input, &harmless);
    for text in [direct.clone(), by_shell, by_input] {
        home.configure(&text);
        home.helper().run().assert_error(2, &words);
    }
    // Through a link in another folder, and through a link in such a folder.
    chmod(&shared, 0o755);
    fs::create_dir(home.path().join("links")).unwrap();
    symlink(&script, home.path().join("links/main")).unwrap();
    commanded(&home, &home.path().join("links/main").to_string_lossy());
    chmod(&home.path().join("links"), 0o777);
    home.helper().run().assert_error(2, &["the folder", "links", "is writable by others"]);
    chmod(&home.path().join("links"), 0o755);
    chmod(&shared, 0o777);
    home.helper().run().assert_error(2, &words);
    assert_eq!(home.runs("shared/team/keys/main"), 0);

    chmod(&shared, 0o755);
    home.helper().run().assert_key("key-1");
}

/// Another user can do this in a folder of mode 0777: two folders are exchanged atomically
/// (renameat2(2), `RENAME_EXCHANGE`).
#[test]
fn script_program_in_a_folder_exchanged_by_another_user_is_never_run() {
    let home = home();
    let script = home.script("shared/keys/main", "echo mine");
    let _ = home.script("shared/evil/main", "echo evil");
    let shared = home.path().join("shared");
    commanded(&home, &script.to_string_lossy());
    chmod(&shared, 0o777);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (keys, evil) = (shared.join("keys"), shared.join("evil"));
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &keys, CWD, &evil, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let answers = (0..20).map(|_| home.call(["get", "--refresh"]).run()).collect::<Vec<_>>();
        // First, because a failed assertion waits for the thread.
        is_over.store(true, Ordering::Relaxed);
        for answer in answers {
            answer.assert_error(2, &["the folder", &*shared.to_string_lossy(), "chmod o-w"]);
        }
    });
    assert_eq!((home.runs("shared/keys/main"), home.runs("shared/evil/main")), (0, 0));
}

#[test]
fn script_program_writable_by_an_unknown_group_is_refused() {
    let home = home();
    let script = home.path().join("main");
    chmod(&script, 0o775);
    if geteuid().is_root() {
        chown(&script, None, Some(12_345)).unwrap();
        let hint = format!("chmod g-w {}", script.display());
        let words = ["is writable by others: its mode is 0775", &hint];
        // No file lists the members of the group 12345, whether primary or supplementary.
        for options in ["--regid=12345 --clear-groups", "--groups=12345"] {
            let prefix = ["setpriv"].into_iter().chain(options.split(' ')).chain(["--"]);
            home.helper().under(prefix).run().assert_error(2, &words);
        }
        chown(&script, None, Some(0)).unwrap();
    }
    // In a user namespace, a group stands for the mapped one.
    let call = home.helper().under(["unshare", "--user", "--map-root-user", "--"]);
    call.run().assert_error(2, &["is writable by others: its mode is 0775", "chmod g-w"]);
    assert_eq!(home.runs("main"), 1);
    chmod(&script, 0o755);
    home.helper().run().assert_key("key-2");
}

#[test]
fn script_program_of_another_user_is_refused() {
    let home = home();
    let script = home.path().join("main");
    let mounts = give_away(&script);
    mounts.seen_by(home.helper()).run().assert_error(2, &["belongs to uid 65534", "chown"]);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn script_program_that_cannot_start_exits_2_with_a_hint() {
    let home = home();
    let file = home.path().join("main");
    for (content, words) in [
        (&b"#!/no/such/shell\n"[..], ["wants to be run by `/no/such/shell`", "first line"]),
        (b"#!/bin/sh\r\necho key\r\n", ["line ends of Windows", "sed -i"]),
        (b"echo key\n", ["neither a program of this machine nor has a first line", "#!/bin/sh"]),
        (b"#!/usr/bin/env bash\r\necho key\r\n", ["line ends of Windows", r"sed -i 's/\r$//' "]),
        (b"#!/bin/sh -e\r\necho key\r\n", ["line ends of Windows", r"sed -i 's/\r$//' "]),
        (b"#!/bin/sh\recho key\r", ["no line ends but carriage returns", r"sed -i 's/\r/\n/g' "]),
        (b"\xEF\xBB\xBF#!/bin/sh\necho key\n", ["byte order mark", r"'1s/^\xEF\xBB\xBF//' "]),
        (
            b"\xEF\xBB\xBF#!/bin/sh\r\necho key\r\n",
            ["byte order mark", r"'1s/^\xEF\xBB\xBF//; s/\r$//' "],
        ),
        (b"\xFF\xFE#\0!\0/\0", ["a text in UTF-16", "iconv -f UTF-16 -t UTF-8"]),
    ] {
        executables::write(&file, content);
        home.helper().run().assert_error(2, &words);
    }
    assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
}

#[test]
fn script_with_crlf_or_utf16_runs_after_the_hints_commands() {
    let text = "#!/usr/bin/env sh\r\necho key-3\r\n";
    let marked = format!("\u{FEFF}{text}");
    let (le, be) = (u16::to_le_bytes, u16::to_be_bytes);
    for content in [
        marked.clone().into_bytes(),
        files::utf16(&marked, le),
        files::utf16(&marked, be),
        files::utf16(text, le),
        files::utf16(text, be),
    ] {
        let home = home();
        let file = home.path().join("main");
        executables::write(&file, &content);
        // In UTF-16, line ends have two bytes.
        let mut answer = home.helper().run();
        for _ in 0..2 {
            let Some((_, hint)) = answer.stderr.split_once("hint: run `") else { break };
            let command = hint.trim_end().strip_suffix('`').unwrap();
            let shell = Call::new(Path::new("/bin/sh"), home.path()).args(["-c", command]);
            let done = shell.env("PATH", search_path()).run();
            assert_eq!(done.code, Some(0), "{done:?}");
            answer = home.helper().run();
        }
        answer.assert_key("key-3");
    }
}
