//! Streams that are closed at the start: an opened file must not take their place.

use std::fs;
use std::path::Path;

use integration_tests::files;
use integration_tests::home::{Home, KEYS};
use integration_tests::mounts::Mounts;

#[test]
fn closed_stdin_stdout_and_stderr_are_not_replaced_by_state_files() {
    let home = Home::with_script(&format!("[ $run = 1 ] && {{ echo lost >&2; exit 78; }}\n{KEYS}"));
    let closed = |call: integration_tests::call::Call| {
        call.under(["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"]).run()
    };
    // A failure and two fetches, each of which would print something.
    let codes = [(); 3].map(|()| {
        let answer = closed(home.call(["get", "--refresh"]));
        assert_eq!((&*answer.stdout, &*answer.stderr), ("", ""));
        answer.code
    });
    assert_eq!(codes[0], Some(2));

    for file in fs::read_dir(home.state().path()).unwrap() {
        let path = file.unwrap().path();
        let content = fs::read(&path).unwrap();
        let said = b"api-key-helper: ";
        assert!(!content.windows(said.len()).any(|part| part == said), "{}", path.display());
        // An encrypted key does not appear as it is printed.
        assert!(!content.windows(4).any(|part| part == b"key-"), "{}", path.display());
    }
    home.helper().run().assert_key("key-3");
}

/// In a container, `/dev/null` may be missing, or a plain file that a program has made.
#[test]
fn closed_stdout_without_dev_null_writes_the_key_into_no_file() {
    for null in [":", ": >/dev/null", "mkdir /dev/null"] {
        for closed in ["<&-", ">&-", "2>&-"] {
            let home = Home::with_script(KEYS);
            home.helper().run().assert_key("key-1");
            let dev = Mounts::new().empty(Path::new("/dev"), "1m").command(null);
            let call = home.helper().env("CLAUDE_CODE_ENTRYPOINT", "cli");
            let shell = format!("exec \"$@\" {closed}");
            let answer = dev.seen_by(call.under(["sh", "-c", &*shell, "sh"])).run();
            assert_eq!((answer.code, &*answer.stdout), (Some(1), ""), "{null}: {answer:?}");
            if closed == "2>&-" {
                assert_eq!(answer.stderr, "");
            } else {
                let words = ["cannot open `/dev/null` for a closed stream", "or mount `/dev`"];
                answer.assert_error(1, &words);
            }
            for (file, content) in files::below(home.path()) {
                assert!(!content.windows(5).any(|part| part == b"key-1"), "{}", file.display());
            }
        }
    }
}
