//! Streams that are closed at the start: a file that is opened must not take their place.

use std::fs;

use integration_tests::home::{Home, KEYS};

#[test]
fn no_file_of_ours_becomes_a_closed_stream() {
    let home = Home::with_script(&format!("[ $run = 1 ] && {{ echo lost >&2; exit 78; }}\n{KEYS}"));
    let closed = |call: integration_tests::call::Call| {
        call.under(["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"]).run()
    };
    // A failure and two fetches: each of them has something to say.
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
        // Sealed, a key is nowhere as it is printed.
        assert!(!content.windows(4).any(|part| part == b"key-"), "{}", path.display());
    }
    home.helper().run().assert_key("key-3");
}
